"""What texts of customers contain

PostgreSQL alone: it knows how many rows have a letter, and SQLite does not.

Revision: core_0046
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from platform_core.kernel.letters import create_letter_index, drop_letter_index

revision = "core_0046"
down_revision = "core_0045"
branch_labels = None
depends_on = None
_TABLE = "customers_customer"
_TEXTS = ("city", "position", "contact_name", "legal_person", "intent")


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        create_letter_index(op, _TABLE, _TEXTS, sa.column("deleted_at").is_(None))


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        drop_letter_index(op, _TABLE)
