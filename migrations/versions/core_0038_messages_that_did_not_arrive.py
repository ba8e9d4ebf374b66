"""Messages that did not arrive are found among very many that did

Revision: core_0038
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0038"
down_revision = "core_0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    troubled = sa.text("state IN ('unknown', 'undelivered', 'failed', 'refused', 'expired')")
    op.create_index(
        "ix_outbox_message_troubled", "outbox_message", ["id"], postgresql_where=troubled, sqlite_where=troubled
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_message_troubled", table_name="outbox_message")
