"""Keys, recovery codes, known browsers and former passwords of accounts; what roles ask at sign-in.

Revision: core_0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0014"
down_revision = "core_0013"
branch_labels = None
depends_on = None

_ALL = 5
_HELPERS = ("system_admin", "security_admin")
"""Of houses that have roles already: without them nobody could help when a key is lost."""
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "users_credential",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.LargeBinary(length=1023), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("transports", sa.String(length=80), nullable=False),
        sa.Column("aaguid", sa.String(length=36), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("used_at", _MOMENT, nullable=True),
        sa.Column("removed_at", _MOMENT, nullable=True),
        _of_user("credential"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users_credential")),
        sa.UniqueConstraint("key_id", name=op.f("uq_users_credential_key_id")),
        info={"owner": "users"},
    )
    _index("credential")
    op.create_table(
        "users_spent_challenge",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_users_spent_challenge")),
        info={"owner": "users"},
    )
    op.create_table(
        "users_recovery_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("used_at", _MOMENT, nullable=True),
        _of_user("recovery_code"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users_recovery_code")),
        sa.UniqueConstraint("digest", name=op.f("uq_users_recovery_code_digest")),
        info={"owner": "users"},
    )
    _index("recovery_code")
    _help()
    _passwords_and_browsers()
    _columns()
    _rules()


def _of_user(table: str, column: str = "user_id", ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_users_{table}_{column}")
    return sa.ForeignKeyConstraint([column], ["users_user.id"], name=name, ondelete=ondelete)


def _index(table: str) -> None:
    with op.batch_alter_table(f"users_{table}", schema=None) as batch_op:
        batch_op.create_index(batch_op.f(f"ix_users_{table}_user_id"), ["user_id"], unique=False)


def _help() -> None:
    op.create_table(
        "users_key_help",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", _MOMENT, nullable=True),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        _of_user("key_help"),
        _of_user("key_help", "asked_by", "SET NULL"),
        _of_user("key_help", "decided_by", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users_key_help")),
        info={"owner": "users"},
    )
    _index("key_help")


def _passwords_and_browsers() -> None:
    op.create_table(
        "users_former_password",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        _of_user("former_password"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users_former_password")),
        info={"owner": "users"},
    )
    _index("former_password")
    op.create_table(
        "users_device",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.Column("first_at", _MOMENT, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        _of_user("device"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users_device")),
        sa.UniqueConstraint("user_id", "digest", name=op.f("uq_users_device_user_id_digest")),
        info={"owner": "users"},
    )


def _columns() -> None:
    with op.batch_alter_table("users_session") as batch_op:
        batch_op.add_column(sa.Column("credential_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("verified_at", _MOMENT, nullable=True))
        batch_op.add_column(sa.Column("verified_by", sa.String(length=10), server_default="", nullable=False))
        batch_op.add_column(sa.Column("must", sa.String(length=10), server_default="", nullable=False))
        batch_op.create_foreign_key(
            batch_op.f("fk_users_session_credential_id"),
            "users_credential",
            ["credential_id"],
            ["id"],
            ondelete="SET NULL",
        )
    with op.batch_alter_table("users_one_time_code") as batch_op:
        batch_op.add_column(sa.Column("purpose", sa.String(length=10), server_default="password", nullable=False))
        batch_op.add_column(sa.Column("issued_by", sa.Uuid(), nullable=True))


def _rules() -> None:
    with op.batch_alter_table("permissions_role_assignment") as batch_op:
        batch_op.add_column(sa.Column("credential_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_permissions_role_assignment_credential_id"),
            "users_credential",
            ["credential_id"],
            ["id"],
            ondelete="CASCADE",
        )
    op.create_table(
        "permissions_sign_in_rule",
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.Column("demand", sa.String(length=10), nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.Column("grace_days", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["role_id"], ["permissions_role.id"], name=op.f("fk_permissions_sign_in_rule_role_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("role_id", name=op.f("pk_permissions_sign_in_rule")),
        info={"owner": "permissions"},
    )
    role = sa.table("permissions_role", sa.column("id", sa.Uuid()), sa.column("code", sa.String()))
    grant = sa.table(
        "permissions_role_grant", sa.column("role_id", sa.Uuid()), sa.column("permission", sa.String()),
        sa.column("scope", sa.Integer()),
    )  # fmt: skip
    held = sa.select(role.c.id, sa.literal("users.keys"), sa.literal(_ALL)).where(role.c.code.in_(_HELPERS))
    op.execute(grant.insert().from_select(["role_id", "permission", "scope"], held))


def downgrade() -> None:
    op.execute("DELETE FROM permissions_role_grant WHERE permission = 'users.keys'")
    op.drop_table("permissions_sign_in_rule")
    # A role that held only with a key must not hold without it.
    op.execute("DELETE FROM permissions_role_assignment WHERE credential_id IS NOT NULL")
    with op.batch_alter_table("permissions_role_assignment") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_permissions_role_assignment_credential_id"), type_="foreignkey")
        batch_op.drop_column("credential_id")
    with op.batch_alter_table("users_one_time_code") as batch_op:
        batch_op.drop_column("issued_by")
        batch_op.drop_column("purpose")
    with op.batch_alter_table("users_session") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_users_session_credential_id"), type_="foreignkey")
        for name in ("must", "verified_by", "verified_at", "credential_id"):
            batch_op.drop_column(name)
    for name in ("device", "former_password", "key_help", "recovery_code", "spent_challenge", "credential"):
        op.drop_table(f"users_{name}")
