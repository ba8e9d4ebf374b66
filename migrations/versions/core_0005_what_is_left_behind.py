"""Merged and erased customers, and what plugins leave behind.

Revision: core_0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "core_0005"
down_revision = "core_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "core_owner",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_core_owner")),
    )
    op.create_table(
        "customers_erasure",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("by_label", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers_customer.id"],
            name=op.f("fk_customers_erasure_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customers_erasure")),
    )
    op.create_table(
        "customers_kept_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("engagement_id", sa.Uuid(), nullable=True),
        sa.Column("owner", sa.String(length=60), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=120), nullable=False),
        sa.Column("department", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers_customer.id"],
            name=op.f("fk_customers_kept_line_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers_kept_line")),
    )
    with op.batch_alter_table("customers_kept_line", schema=None) as batch_op:
        batch_op.create_index("ix_customers_kept_line_customer_id_at", ["customer_id", "at", "id"], unique=False)

    op.create_table(
        "customers_merge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kept_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("by_label", sa.String(length=120), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["kept_id"], ["customers_customer.id"], name=op.f("fk_customers_merge_kept_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["customers_customer.id"], name=op.f("fk_customers_merge_other_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers_merge")),
    )
    with op.batch_alter_table("customers_merge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customers_merge_kept_id"), ["kept_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_customers_merge_other_id"), ["other_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("customers_merge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customers_merge_other_id"))
        batch_op.drop_index(batch_op.f("ix_customers_merge_kept_id"))

    op.drop_table("customers_merge")
    with op.batch_alter_table("customers_kept_line", schema=None) as batch_op:
        batch_op.drop_index("ix_customers_kept_line_customer_id_at")

    op.drop_table("customers_kept_line")
    op.drop_table("customers_erasure")
    op.drop_table("core_owner")
