"""first table

Revision: @name@_0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "@name@_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "@name@_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("author_label", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers_customer.id"], name=op.f("fk_@name@_entry_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_@name@_entry")),
        info={"owner": "@name@"},
    )
    with op.batch_alter_table("@name@_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_@name@_entry_author_id"), ["author_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_@name@_entry_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index("ix_@name@_entry_updated_at_id", ["updated_at", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("@name@_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_@name@_entry_updated_at_id")
        batch_op.drop_index(batch_op.f("ix_@name@_entry_customer_id"))
        batch_op.drop_index(batch_op.f("ix_@name@_entry_author_id"))

    op.drop_table("@name@_entry")
