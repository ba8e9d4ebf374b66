"""Own fields of customers: the clear values of those that are sensitive, encrypted.

Revision: core_0025
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0025"
down_revision = "core_0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customers_customer", sa.Column("sealed", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("customers_customer", "sealed")
