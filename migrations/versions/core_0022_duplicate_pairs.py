"""Pairs of customers that may be one

Revision: core_0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "core_0022"
down_revision = "core_0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customers_duplicate_pair",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("second_id", sa.Uuid(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_label", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["first_id"], ["customers_customer.id"],
            name=op.f("fk_customers_duplicate_pair_first_id_customers_customer"), ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["second_id"], ["customers_customer.id"],
            name=op.f("fk_customers_duplicate_pair_second_id_customers_customer"), ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers_duplicate_pair")),
        sa.UniqueConstraint("first_id", "second_id", name="uq_customers_duplicate_pair_first_id_second_id"),
    )  # fmt: skip
    op.create_index("ix_customers_duplicate_pair_second_id", "customers_duplicate_pair", ["second_id"])
    op.create_index("ix_customers_duplicate_pair_state_score", "customers_duplicate_pair", ["state", "score", "id"])


def downgrade() -> None:
    op.drop_table("customers_duplicate_pair")
