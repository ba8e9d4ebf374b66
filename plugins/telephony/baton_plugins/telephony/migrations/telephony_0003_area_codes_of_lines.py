"""area codes of lines

Revision: telephony_0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "telephony_0003"
down_revision = "telephony_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "telephony_area",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.String(length=40), nullable=False),
        sa.Column("area_code", sa.String(length=6), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["telephony_source.id"], name=op.f("fk_telephony_area_source_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telephony_area")),
        info={"owner": "telephony"},
    )
    with op.batch_alter_table("telephony_area", schema=None) as batch_op:
        batch_op.create_index("uq_telephony_area_source_id_line", ["source_id", "line"], unique=True)


def downgrade() -> None:
    with op.batch_alter_table("telephony_area", schema=None) as batch_op:
        batch_op.drop_index("uq_telephony_area_source_id_line")

    op.drop_table("telephony_area")
