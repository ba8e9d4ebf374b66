"""Customers that somebody opens are counted by day, against caps of roles and people; what froze an account is kept.

Revision: core_0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0009"
down_revision = "core_0008"
branch_labels = None
depends_on = None

_ALL = 5
_GRANTS = {
    "users.unfreeze": ("office", "management", "security_admin"),
    "caps.manage": ("management", "security_admin"),
}
"""Of houses that have roles already: without them nobody could unfreeze whom a cap freezes."""


def upgrade() -> None:
    op.create_table(
        "users_freeze",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rule", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("cap", sa.Integer(), nullable=False),
        sa.Column("thawed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("thawed_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("extra", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users_user.id"], name=op.f("fk_users_freeze_user_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["thawed_by"], ["users_user.id"], name=op.f("fk_users_freeze_thawed_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users_freeze")),
        info={"owner": "users"},
    )
    with op.batch_alter_table("users_freeze", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_users_freeze_user_id"), ["user_id"], unique=False)
    _counting()
    _caps()
    _grant()


def _counting() -> None:
    op.create_table(
        "caps_opened",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("counter", sa.String(length=8), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users_user.id"], name=op.f("fk_caps_opened_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "day", "counter", "customer_id", name=op.f("pk_caps_opened")),
        info={"owner": "caps"},
    )
    op.create_table(
        "caps_day",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("counter", sa.String(length=8), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("cap", sa.Integer(), nullable=False),
        sa.Column("extra", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users_user.id"], name=op.f("fk_caps_day_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "day", "counter", name=op.f("pk_caps_day")),
        info={"owner": "caps"},
    )


def _caps() -> None:
    for holder, table in (("role", "permissions_role"), ("user", "users_user")):
        op.create_table(
            f"caps_{holder}",
            sa.Column(f"{holder}_id", sa.Uuid(), nullable=False),
            sa.Column("counter", sa.String(length=8), nullable=False),
            sa.Column("cap", sa.Integer(), nullable=False),
            sa.ForeignKeyConstraint(
                [f"{holder}_id"], [f"{table}.id"], name=op.f(f"fk_caps_{holder}_{holder}_id"), ondelete="CASCADE"
            ),
            sa.PrimaryKeyConstraint(f"{holder}_id", "counter", name=op.f(f"pk_caps_{holder}")),
            info={"owner": "caps"},
        )


def _grant() -> None:
    role = sa.table("permissions_role", sa.column("id", sa.Uuid()), sa.column("code", sa.String()))
    grant = sa.table(
        "permissions_role_grant", sa.column("role_id", sa.Uuid()), sa.column("permission", sa.String()),
        sa.column("scope", sa.Integer()),
    )  # fmt: skip
    for permission, codes in _GRANTS.items():
        held = sa.select(role.c.id, sa.literal(permission), sa.literal(_ALL)).where(role.c.code.in_(codes))
        op.execute(grant.insert().from_select(["role_id", "permission", "scope"], held))


def downgrade() -> None:
    op.execute("DELETE FROM permissions_role_grant WHERE permission IN ('users.unfreeze', 'caps.manage')")
    for name in ("caps_user", "caps_role", "caps_day", "caps_opened", "users_freeze"):
        op.drop_table(name)
