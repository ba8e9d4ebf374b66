"""The list of contacts by name.

Revision: core_0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0004"
down_revision = "core_0003"
branch_labels = None
depends_on = None

_NAME = "ix_customers_contact_name_key"


def upgrade() -> None:
    kept = sa.text("deleted_at IS NULL")
    op.create_index(_NAME, "customers_contact", ["name_key", "id"], postgresql_where=kept, sqlite_where=kept)


def downgrade() -> None:
    op.drop_index(_NAME, "customers_contact")
