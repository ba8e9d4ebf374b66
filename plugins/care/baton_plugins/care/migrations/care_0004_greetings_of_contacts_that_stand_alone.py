"""Greetings of contacts that have no customer.

Revision: care_0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "care_0004"
down_revision = "care_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("care_greeting", schema=None) as batch_op:
        batch_op.alter_column("customer_id", existing_type=sa.Uuid(), nullable=True)


def downgrade() -> None:
    op.execute("DELETE FROM care_greeting WHERE customer_id IS NULL")
    with op.batch_alter_table("care_greeting", schema=None) as batch_op:
        batch_op.alter_column("customer_id", existing_type=sa.Uuid(), nullable=False)
