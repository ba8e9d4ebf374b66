"""Views of lists are saved, many customers change at once, and customers stand in groups.

Revision: core_0023
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "core_0023"
down_revision = "core_0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customers_bulk_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("by_label", sa.String(length=120), nullable=False),
        sa.Column("conditions", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("wanted", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("preview", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("same", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("undone", sa.Integer(), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers_bulk_change")),
        info={"owner": "customers"},
    )
    with op.batch_alter_table("customers_bulk_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customers_bulk_change_by_id"), ["by_id"], unique=False)

    op.create_table(
        "customers_group",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("tone", sa.String(length=12), nullable=False),
        sa.Column("conditions", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("any_of", sa.Boolean(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("reach", sa.String(length=10), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("department_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["users_department.id"],
            name=op.f("fk_customers_group_department_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users_user.id"], name=op.f("fk_customers_group_owner_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["users_team.id"], name=op.f("fk_customers_group_team_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers_group")),
        info={"owner": "customers"},
    )
    with op.batch_alter_table("customers_group", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customers_group_department_id"), ["department_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_customers_group_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_customers_group_team_id"), ["team_id"], unique=False)

    op.create_table(
        "users_saved_view",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("list_key", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("conditions", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("any_of", sa.Boolean(), nullable=False),
        sa.Column("sort", sa.String(length=60), nullable=False),
        sa.Column("columns", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("reach", sa.String(length=10), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("department_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["users_department.id"],
            name=op.f("fk_users_saved_view_department_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users_user.id"], name=op.f("fk_users_saved_view_owner_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["users_team.id"], name=op.f("fk_users_saved_view_team_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users_saved_view")),
        info={"owner": "users"},
    )
    with op.batch_alter_table("users_saved_view", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_users_saved_view_department_id"), ["department_id"], unique=False)
        batch_op.create_index("ix_users_saved_view_list_key_owner_id", ["list_key", "owner_id"], unique=False)
        batch_op.create_index("ix_users_saved_view_list_key_reach", ["list_key", "reach"], unique=False)
        batch_op.create_index(batch_op.f("ix_users_saved_view_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_users_saved_view_team_id"), ["team_id"], unique=False)

    op.create_table(
        "customers_bulk_line",
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("why", sa.String(length=12), nullable=False),
        sa.Column("before", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("after", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(
            ["change_id"],
            ["customers_bulk_change.id"],
            name=op.f("fk_customers_bulk_line_change_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers_customer.id"],
            name=op.f("fk_customers_bulk_line_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("change_id", "number", name=op.f("pk_customers_bulk_line")),
        info={"owner": "customers"},
    )
    with op.batch_alter_table("customers_bulk_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customers_bulk_line_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index("ix_customers_bulk_line_state", ["change_id", "state", "number"], unique=False)

    op.create_table(
        "customers_group_member",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers_customer.id"],
            name=op.f("fk_customers_group_member_customer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["customers_group.id"], name=op.f("fk_customers_group_member_group_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_id", "customer_id", name=op.f("pk_customers_group_member")),
        info={"owner": "customers"},
    )
    with op.batch_alter_table("customers_group_member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customers_group_member_customer_id"), ["customer_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("customers_group_member", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customers_group_member_customer_id"))

    op.drop_table("customers_group_member")
    with op.batch_alter_table("customers_bulk_line", schema=None) as batch_op:
        batch_op.drop_index("ix_customers_bulk_line_state")
        batch_op.drop_index(batch_op.f("ix_customers_bulk_line_customer_id"))

    op.drop_table("customers_bulk_line")
    with op.batch_alter_table("users_saved_view", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_users_saved_view_team_id"))
        batch_op.drop_index(batch_op.f("ix_users_saved_view_owner_id"))
        batch_op.drop_index("ix_users_saved_view_list_key_reach")
        batch_op.drop_index("ix_users_saved_view_list_key_owner_id")
        batch_op.drop_index(batch_op.f("ix_users_saved_view_department_id"))

    op.drop_table("users_saved_view")
    with op.batch_alter_table("customers_group", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customers_group_team_id"))
        batch_op.drop_index(batch_op.f("ix_customers_group_owner_id"))
        batch_op.drop_index(batch_op.f("ix_customers_group_department_id"))

    op.drop_table("customers_group")
    with op.batch_alter_table("customers_bulk_change", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customers_bulk_change_by_id"))

    op.drop_table("customers_bulk_change")
