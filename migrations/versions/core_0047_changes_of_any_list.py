"""Rows of any list are changed many at once

A change names its list, and a line its row, which need not be a customer any more.

Revision: core_0047
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0047"
down_revision = "core_0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customers_bulk_change", sa.Column("view", sa.String(60), nullable=False, server_default="customers"))
    op.add_column("customers_bulk_line", sa.Column("row_id", sa.Uuid(), nullable=True))
    op.execute("UPDATE customers_bulk_line SET row_id = customer_id")
    with op.batch_alter_table("customers_bulk_line") as batch:
        batch.alter_column("row_id", existing_type=sa.Uuid(), nullable=False)
        batch.alter_column("customer_id", existing_type=sa.Uuid(), nullable=True)


def downgrade() -> None:
    op.execute("DELETE FROM customers_bulk_change WHERE view <> 'customers'")
    op.execute("DELETE FROM customers_bulk_line WHERE customer_id IS NULL")
    with op.batch_alter_table("customers_bulk_line") as batch:
        batch.alter_column("customer_id", existing_type=sa.Uuid(), nullable=False)
        batch.drop_column("row_id")
    op.drop_column("customers_bulk_change", "view")
