"""lists to call

Revision: telephony_0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "telephony_0004"
down_revision = "telephony_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "telephony_script",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telephony_script")),
        info={"owner": "telephony"},
    )
    op.create_table(
        "telephony_list",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("by_label", sa.String(length=120), nullable=False),
        sa.Column("department_id", sa.Uuid(), nullable=True),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("script_id", sa.Uuid(), nullable=True),
        sa.Column("conditions", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["users_department.id"],
            name=op.f("fk_telephony_list_department_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["script_id"], ["telephony_script.id"], name=op.f("fk_telephony_list_script_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telephony_list")),
        info={"owner": "telephony"},
    )
    with op.batch_alter_table("telephony_list", schema=None) as batch_op:
        for column in ("by_id", "department_id", "script_id"):
            batch_op.create_index(batch_op.f(f"ix_telephony_list_{column}"), [column], unique=False)
    op.create_table(
        "telephony_list_line",
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer(), server_default="0", nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=10), server_default="waiting", nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("by_label", sa.String(length=120), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=60), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["users_user.id"], name=op.f("fk_telephony_list_line_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers_customer.id"],
            name=op.f("fk_telephony_list_line_customer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["list_id"], ["telephony_list.id"], name=op.f("fk_telephony_list_line_list_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("list_id", "number", name=op.f("pk_telephony_list_line")),
        info={"owner": "telephony"},
    )
    with op.batch_alter_table("telephony_list_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_telephony_list_line_by_id"), ["by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_telephony_list_line_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index("ix_telephony_list_line_state", ["list_id", "state", "place", "number"], unique=False)


def downgrade() -> None:
    for table in ("telephony_list_line", "telephony_list", "telephony_script"):
        op.drop_table(table)
