"""Answers in order

Revision: sms_0003
"""

from __future__ import annotations

from alembic import op

revision = "sms_0003"
down_revision = "sms_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("sms_reply", schema=None) as batch_op:
        batch_op.create_index("ix_sms_reply_at", ["at", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("sms_reply", schema=None) as batch_op:
        batch_op.drop_index("ix_sms_reply_at")
