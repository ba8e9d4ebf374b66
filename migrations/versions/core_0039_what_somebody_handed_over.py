"""What somebody has handed over is found by the person

Revision: core_0039
"""

from __future__ import annotations

from alembic import op

revision = "core_0039"
down_revision = "core_0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("relay_leg", schema=None) as batch_op:
        batch_op.create_index("ix_relay_leg_offered_by_offered_at", ["offered_by", "offered_at", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("relay_leg", schema=None) as batch_op:
        batch_op.drop_index("ix_relay_leg_offered_by_offered_at")
