"""The bin in its order

Revision: core_0040
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0040"
down_revision = "core_0039"
branch_labels = None
depends_on = None
_BINNED = sa.text("deleted_at IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("customers_customer", schema=None) as batch_op:
        batch_op.create_index(
            "ix_customers_customer_bin",
            ["deleted_at", "id"],
            unique=False,
            postgresql_where=_BINNED,
            sqlite_where=_BINNED,
        )


def downgrade() -> None:
    with op.batch_alter_table("customers_customer", schema=None) as batch_op:
        batch_op.drop_index("ix_customers_customer_bin")
