"""Leads and the pool: since when a customer is a lead, since when it lies where it lies, and where it has been.

Revision: core_0027
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0027"
down_revision = "core_0026"
branch_labels = None
depends_on = None

_POOLED = sa.text("deleted_at IS NULL AND owner_id IS NULL")
_LEADS = sa.text("deleted_at IS NULL AND lead_since IS NOT NULL")
_INDEXES = {
    "pool": (["department_id", "placed_at", "id"], _POOLED),
    "pool_of_all": (["placed_at", "id"], _POOLED),
    "lead_since": (["lead_since", "id"], _LEADS),
}


def upgrade() -> None:
    op.create_table(
        "customers_pool_move",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.String(length=10), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("by_label", sa.String(length=120), nullable=False),
        sa.Column("from_id", sa.Uuid(), nullable=True),
        sa.Column("from_label", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers_customer.id"],
            name=op.f("fk_customers_pool_move_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers_pool_move")),
        info={"owner": "customers"},
    )
    op.create_index("ix_customers_pool_move_by_id_day", "customers_pool_move", ["by_id", "day", "act"])
    op.create_index("ix_customers_pool_move_customer_id_at", "customers_pool_move", ["customer_id", "at"])
    op.add_column("customers_customer", sa.Column("lead_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("customers_customer", sa.Column("placed_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(sa.text("UPDATE customers_customer SET placed_at = updated_at WHERE owner_id IS NULL"))
    for name, (columns, where) in _INDEXES.items():
        op.create_index(
            f"ix_customers_customer_{name}", "customers_customer", columns, postgresql_where=where, sqlite_where=where
        )


def downgrade() -> None:
    for name in _INDEXES:
        op.drop_index(f"ix_customers_customer_{name}", "customers_customer")
    op.drop_column("customers_customer", "placed_at")
    op.drop_column("customers_customer", "lead_since")
    op.drop_table("customers_pool_move")
