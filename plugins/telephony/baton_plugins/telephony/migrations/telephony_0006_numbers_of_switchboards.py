"""numbers of switchboards

Revision: telephony_0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "telephony_0006"
down_revision = "telephony_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "telephony_block",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("digits", sa.Integer(), nullable=False),
        sa.Column("begins_hash", sa.BigInteger(), nullable=False),
        sa.Column("mask", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers_customer.id"], name=op.f("fk_telephony_block_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telephony_block")),
        info={"owner": "telephony"},
    )
    with op.batch_alter_table("telephony_block", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_telephony_block_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(op.f("ix_telephony_block_begins_hash"), ["begins_hash"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("telephony_block", schema=None) as batch_op:
        batch_op.drop_index(op.f("ix_telephony_block_begins_hash"))
        batch_op.drop_index(op.f("ix_telephony_block_customer_id"))

    op.drop_table("telephony_block")
