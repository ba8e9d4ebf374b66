"""Answers are found by the contact that gave them.

Revision: sms_0004
"""

from __future__ import annotations

from alembic import op

revision = "sms_0004"
down_revision = "sms_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_sms_reply_contact_id_at", "sms_reply", ["contact_id", "at"])


def downgrade() -> None:
    op.drop_index("ix_sms_reply_contact_id_at", "sms_reply")
