"""Tokens that may do what pages ask their user about once more: change rights.

Revision: core_0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0017"
down_revision = "core_0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("users_api_token", schema=None) as batch_op:
        batch_op.add_column(sa.Column("changes_rights", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("users_api_token", schema=None) as batch_op:
        batch_op.drop_column("changes_rights")
