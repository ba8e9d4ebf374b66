"""What lists are asked for

PostgreSQL alone: SQLite, which keeps no statistics, would take such an index where most rows have the value, and sort
them all.

Revision: core_0043
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0043"
down_revision = "core_0042"
branch_labels = None
depends_on = None
_TEXTS = ("status", "grade", "classification", "industry", "region", "source", "size", "nature", "work_status",
          "education", "city", "position")  # fmt: skip
_OTHERS = ("birth_month", "collected_on", "last_contact_at", "created_at")


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for column in (*_TEXTS, *_OTHERS):
        given = f"{column} <> ''" if column in _TEXTS else f"{column} IS NOT NULL"
        op.create_index(
            f"ix_customers_customer_by_{column}",
            "customers_customer",
            [column],
            postgresql_where=sa.text(f"deleted_at IS NULL AND {given}"),
        )


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for column in (*_TEXTS, *_OTHERS):
        op.drop_index(f"ix_customers_customer_by_{column}", table_name="customers_customer")
