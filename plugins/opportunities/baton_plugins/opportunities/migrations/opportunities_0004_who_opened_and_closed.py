"""Who opened and closed an opportunity, by key, and both in order

Of rows from before only those are known whose name is that of whoever works on them.

Revision: opportunities_0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "opportunities_0004"
down_revision = "opportunities_0003"
branch_labels = None
depends_on = None
TABLE = "opportunities_opportunity"
_INDEXES = {
    "created_at": ["created_at", "id"],
    "closed_at": ["closed_at", "id"],
    "created_by": ["created_by", "created_at"],
    "closed_by": ["closed_by", "closed_at"],
}


def upgrade() -> None:
    with op.batch_alter_table(TABLE, schema=None) as batch_op:
        batch_op.add_column(sa.Column("created_by", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("closed_by", sa.Uuid(), nullable=True))
        for name, columns in _INDEXES.items():
            batch_op.create_index(f"ix_{TABLE}_{name}", columns, unique=False)
    for column in ("created_by", "closed_by"):
        op.execute(f"UPDATE {TABLE} SET {column} = owner_id WHERE owner_label <> '' AND {column}_label = owner_label")


def downgrade() -> None:
    with op.batch_alter_table(TABLE, schema=None) as batch_op:
        for name in reversed(_INDEXES):
            batch_op.drop_index(f"ix_{TABLE}_{name}")
        batch_op.drop_column("closed_by")
        batch_op.drop_column("created_by")
