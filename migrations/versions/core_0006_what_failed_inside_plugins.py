"""What failed inside plugins.

Revision: core_0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0006"
down_revision = "core_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "core_plugin_fault",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("error", sa.String(length=300), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_plugin_fault")),
    )
    with op.batch_alter_table("core_plugin_fault", schema=None) as batch_op:
        batch_op.create_index("ix_core_plugin_fault_last_at", ["last_at"], unique=False)
        batch_op.create_index("uq_core_plugin_fault_what", ["owner", "kind", "name", "error", "place"], unique=True)


def downgrade() -> None:
    with op.batch_alter_table("core_plugin_fault", schema=None) as batch_op:
        batch_op.drop_index("uq_core_plugin_fault_what")
        batch_op.drop_index("ix_core_plugin_fault_last_at")

    op.drop_table("core_plugin_fault")
