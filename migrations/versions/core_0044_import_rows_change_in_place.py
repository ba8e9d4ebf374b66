"""Import rows change in place

No index holds what an import writes into its rows afterwards, and their pages leave room for it, so that PostgreSQL
writes no index anew for each row.

Revision: core_0044
"""

from __future__ import annotations

from alembic import op

revision = "core_0044"
down_revision = "core_0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_customers_import_row_batch_id_state", table_name="customers_import_row")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE customers_import_row SET (fillfactor = 50)")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE customers_import_row RESET (fillfactor)")
    op.create_index("ix_customers_import_row_batch_id_state", "customers_import_row", ["batch_id", "state", "number"])
