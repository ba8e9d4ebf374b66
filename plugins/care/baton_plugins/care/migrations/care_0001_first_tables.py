"""first tables

Revision: care_0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "care_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "care_occasion",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("rule", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("moved", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("sort_order", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_occasion")),
        sa.UniqueConstraint("code", name=op.f("uq_care_occasion_code")),
        sa.UniqueConstraint("name", name=op.f("uq_care_occasion_name")),
        info={"owner": "care"},
    )
    op.create_table(
        "care_wording",
        sa.Column("occasion_id", sa.Uuid(), nullable=False),
        sa.Column("grade", sa.String(length=60), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["occasion_id"], ["care_occasion.id"], name=op.f("fk_care_wording_occasion_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("occasion_id", "grade", name=op.f("pk_care_wording")),
        info={"owner": "care"},
    )
    op.create_table(
        "care_date",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("occasion_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("lunar", sa.Boolean(), nullable=False),
        sa.Column("leap", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers_customer.id"], name=op.f("fk_care_date_customer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["occasion_id"], ["care_occasion.id"], name=op.f("fk_care_date_occasion_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_date")),
        sa.UniqueConstraint("customer_id", "occasion_id", name=op.f("uq_care_date_customer_id_occasion_id")),
        info={"owner": "care"},
    )
    with op.batch_alter_table("care_date", schema=None) as batch_op:
        batch_op.create_index("ix_care_date_occasion_id_month_day", ["occasion_id", "month", "day"], unique=False)

    op.create_table(
        "care_greeting",
        sa.Column("occasion_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=10), server_default="planned", nullable=False),
        sa.Column("why", sa.String(length=12), server_default="", nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers_customer.id"], name=op.f("fk_care_greeting_customer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["occasion_id"], ["care_occasion.id"], name=op.f("fk_care_greeting_occasion_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("occasion_id", "customer_id", "year", name=op.f("pk_care_greeting")),
        info={"owner": "care"},
    )
    with op.batch_alter_table("care_greeting", schema=None) as batch_op:
        batch_op.create_index("ix_care_greeting_day", ["day", "state", "customer_id"], unique=False)
        batch_op.create_index("uq_care_greeting_customer_id_day", ["customer_id", "day"], unique=True)

    op.create_table(
        "care_wish",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("occasion_id", sa.Uuid(), nullable=False),
        sa.Column("by_label", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers_customer.id"], name=op.f("fk_care_wish_customer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["occasion_id"], ["care_occasion.id"], name=op.f("fk_care_wish_occasion_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("customer_id", "occasion_id", name=op.f("pk_care_wish")),
        info={"owner": "care"},
    )
    with op.batch_alter_table("care_wish", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_care_wish_occasion_id"), ["occasion_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("care_wish", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_care_wish_occasion_id"))

    op.drop_table("care_wish")
    with op.batch_alter_table("care_greeting", schema=None) as batch_op:
        batch_op.drop_index("uq_care_greeting_customer_id_day")
        batch_op.drop_index("ix_care_greeting_day")

    op.drop_table("care_greeting")
    with op.batch_alter_table("care_date", schema=None) as batch_op:
        batch_op.drop_index("ix_care_date_occasion_id_month_day")

    op.drop_table("care_date")
    op.drop_table("care_wording")
    op.drop_table("care_occasion")
