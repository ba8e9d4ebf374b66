"""An import counts the customers of the house that it changes and gives back.

Revision: core_0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0003"
down_revision = "core_0002"
branch_labels = None
depends_on = None

_COUNTS = ("update_rows", "updated", "restored")


def upgrade() -> None:
    with op.batch_alter_table("customers_import_batch") as batch_op:
        for name in _COUNTS:
            batch_op.add_column(sa.Column(name, sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("customers_import_batch") as batch_op:
        for name in reversed(_COUNTS):
            batch_op.drop_column(name)
