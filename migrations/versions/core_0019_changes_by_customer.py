"""When a customer changed, by its id: what the walk over a relay's customers asks for each of them.

Revision: core_0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0019"
down_revision = "core_0018"
branch_labels = None
depends_on = None

_NAME = "ix_customers_customer_id_updated_at"


def upgrade() -> None:
    kept = sa.text("deleted_at IS NULL")
    op.create_index(_NAME, "customers_customer", ["id", "updated_at"], postgresql_where=kept, sqlite_where=kept)


def downgrade() -> None:
    op.drop_index(_NAME, "customers_customer")
