"""Alerts, rules about behaviour, bait, and who reads and sets them.

Revision: core_0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0015"
down_revision = "core_0014"
branch_labels = None
depends_on = None

_ALL = 5
_GRANTS = {
    "guard.alerts": ("security_admin", "management"),
    "guard.rules": ("security_admin",),
    "guard.canaries": ("security_admin",),
}
"""Of houses that have roles already: without them nobody would read an alert."""


def upgrade() -> None:
    op.create_table(
        "guard_alert",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.String(length=20), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("user_label", sa.String(length=120), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("decided_by", sa.String(length=120), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guard_alert")),
        info={"owner": "guard"},
    )
    with op.batch_alter_table("guard_alert", schema=None) as batch_op:
        batch_op.create_index("ix_guard_alert_at", ["at"], unique=False)
        batch_op.create_index("ix_guard_alert_user_id", ["user_id", "rule", "last_at"], unique=False)

    op.create_table(
        "guard_rule",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_guard_rule")),
        info={"owner": "guard"},
    )
    op.create_table(
        "guard_canary",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers_customer.id"], name=op.f("fk_guard_canary_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_guard_canary")),
        info={"owner": "guard"},
    )
    role = sa.table("permissions_role", sa.column("id", sa.Uuid()), sa.column("code", sa.String()))
    grant = sa.table(
        "permissions_role_grant", sa.column("role_id", sa.Uuid()), sa.column("permission", sa.String()),
        sa.column("scope", sa.Integer()),
    )  # fmt: skip
    for permission, codes in _GRANTS.items():
        held = sa.select(role.c.id, sa.literal(permission), sa.literal(_ALL)).where(role.c.code.in_(codes))
        op.execute(grant.insert().from_select(["role_id", "permission", "scope"], held))


def downgrade() -> None:
    op.execute(
        "DELETE FROM permissions_role_grant WHERE permission IN ('guard.alerts', 'guard.rules', 'guard.canaries')"
    )
    op.drop_table("guard_canary")
    op.drop_table("guard_rule")
    with op.batch_alter_table("guard_alert", schema=None) as batch_op:
        batch_op.drop_index("ix_guard_alert_user_id")
        batch_op.drop_index("ix_guard_alert_at")

    op.drop_table("guard_alert")
