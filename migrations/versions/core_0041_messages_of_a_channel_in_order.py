"""Messages of a channel in order

Revision: core_0041
"""

from __future__ import annotations

from alembic import op

revision = "core_0041"
down_revision = "core_0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_message_channel", ["channel", "created_at", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_message_channel")
