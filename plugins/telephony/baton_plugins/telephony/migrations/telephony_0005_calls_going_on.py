"""an index of calls that are going on

Revision: telephony_0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "telephony_0005"
down_revision = "telephony_0004"
branch_labels = None
depends_on = None

_GOING_ON = sa.text("state IN ('ringing', 'talking')")


def upgrade() -> None:
    with op.batch_alter_table("telephony_call", schema=None) as batch_op:
        batch_op.create_index(
            "ix_telephony_call_going_on", ["started_at"], postgresql_where=_GOING_ON, sqlite_where=_GOING_ON
        )


def downgrade() -> None:
    with op.batch_alter_table("telephony_call", schema=None) as batch_op:
        batch_op.drop_index("ix_telephony_call_going_on", postgresql_where=_GOING_ON, sqlite_where=_GOING_ON)
