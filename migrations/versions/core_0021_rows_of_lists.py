"""Rows that lists and searches show are counted for each person's day.

Revision: core_0021
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0021"
down_revision = "core_0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "caps_listed",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users_user.id"], name=op.f("fk_caps_listed_user_id_users_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_caps_listed")),
    )


def downgrade() -> None:
    op.drop_table("caps_listed")
