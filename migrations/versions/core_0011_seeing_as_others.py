"""Somebody looks at Baton as another person sees it, and people lend colleagues some of their rights.

Revision: core_0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0011"
down_revision = "core_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "permissions_looking",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        *_people("permissions_looking", "looker_id", "seen_id"),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_permissions_looking")),
        info={"owner": "permissions"},
    )
    with op.batch_alter_table("permissions_looking", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_permissions_looking_ended_at"), ["ended_at"], unique=False)
    with op.batch_alter_table("users_session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("looking_id", sa.Uuid(), nullable=True))
    _delegations()


def _delegations() -> None:
    op.create_table(
        "permissions_delegation",
        sa.Column("id", sa.Uuid(), nullable=False),
        *_people("permissions_delegation", "giver_id", "receiver_id"),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_permissions_delegation")),
        info={"owner": "permissions"},
    )
    with op.batch_alter_table("permissions_delegation", schema=None) as batch_op:
        for column in ("giver_id", "receiver_id"):
            batch_op.create_index(batch_op.f(f"ix_permissions_delegation_{column}"), [column], unique=False)
    op.create_table(
        "permissions_delegated_right",
        sa.Column("delegation_id", sa.Uuid(), nullable=False),
        sa.Column("permission", sa.String(length=80), nullable=False),
        sa.Column("scope", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delegation_id"], ["permissions_delegation.id"],
            name=op.f("fk_permissions_delegated_right_delegation_id"), ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("delegation_id", "permission", name=op.f("pk_permissions_delegated_right")),
        info={"owner": "permissions"},
    )  # fmt: skip


def _people(table: str, *columns: str) -> list[sa.SchemaItem]:
    found: list[sa.SchemaItem] = [sa.Column(column, sa.Uuid(), nullable=False) for column in columns]
    return found + [
        sa.ForeignKeyConstraint([column], ["users_user.id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE")
        for column in columns
    ]


def downgrade() -> None:
    op.drop_table("permissions_delegated_right")
    op.drop_table("permissions_delegation")
    with op.batch_alter_table("users_session", schema=None) as batch_op:
        batch_op.drop_column("looking_id")
    op.drop_table("permissions_looking")
