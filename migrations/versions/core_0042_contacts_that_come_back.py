"""Contacts that come back

Revision: core_0042
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0042"
down_revision = "core_0041"
branch_labels = None
depends_on = None
_BINNED = sa.text("deleted_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("customers_contact", sa.Column("sealed", sa.LargeBinary(), nullable=True))
    op.create_index(
        "ix_customers_contact_bin",
        "customers_contact",
        ["deleted_at", "id"],
        unique=False,
        postgresql_where=_BINNED,
        sqlite_where=_BINNED,
    )


def downgrade() -> None:
    op.drop_index("ix_customers_contact_bin", table_name="customers_contact")
    op.drop_column("customers_contact", "sealed")
