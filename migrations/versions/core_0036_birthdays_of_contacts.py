"""Dates of birth of contacts, and who is born on a day without reading everybody.

Revision: core_0036
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0036"
down_revision = "core_0035"
branch_labels = None
depends_on = None

_TABLES = ("customers_contact", "customers_customer")


def upgrade() -> None:
    with op.batch_alter_table("customers_contact", schema=None) as batch_op:
        for part in ("year", "month", "day"):
            batch_op.add_column(sa.Column(f"birth_{part}", sa.Integer(), nullable=True))
        for part in ("lunar", "leap"):
            batch_op.add_column(sa.Column(f"birth_{part}", sa.Boolean(), server_default=sa.false(), nullable=False))
    for table in _TABLES:
        known = {"postgresql_where": sa.text("birth_day IS NOT NULL"), "sqlite_where": sa.text("birth_day IS NOT NULL")}
        op.create_index(f"ix_{table}_birth", table, ["birth_month", "birth_day"], **known)


def downgrade() -> None:
    for table in _TABLES:
        op.drop_index(f"ix_{table}_birth", table_name=table)
    with op.batch_alter_table("customers_contact", schema=None) as batch_op:
        for part in ("leap", "lunar", "day", "month", "year"):
            batch_op.drop_column(f"birth_{part}")
