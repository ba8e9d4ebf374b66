"""What conditions of lists compare

SQLite alone: it keeps no statistics to tell by which of many indexes few rows are found.

Revision: core_0049
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0049"
down_revision = "core_0048"
branch_labels = None
depends_on = None
_NAME, _TABLE = "ix_customers_customer_by_conditions", "customers_customer"
_COLUMNS = ("updated_at", "id", "status", "grade", "classification", "industry", "region", "source", "kind", "size",
            "nature", "work_status", "education", "gender", "birth_month", "city", "position", "contact_name",
            "legal_person", "intent", "name", "collected_on", "last_contact_at", "next_plan_at", "created_at")  # fmt: skip


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.create_index(_NAME, _TABLE, _COLUMNS, sqlite_where=sa.text("deleted_at IS NULL"))


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index(_NAME, table_name=_TABLE)
