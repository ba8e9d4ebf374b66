"""Files leave by request only; what is printed is counted; who may approve.

Revision: core_0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "core_0013"
down_revision = "core_0012"
branch_labels = None
depends_on = None

_ALL = 5
_GRANTS = {"exports.approve": ("management", "department_head"), "customers.export": ("management",)}
"""Of houses that have roles already: without them nobody could approve."""


def upgrade() -> None:
    op.create_table(
        "exports_paper",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("columns", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users_user.id"], name=op.f("fk_exports_paper_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports_paper")),
        info={"owner": "exports"},
    )
    with op.batch_alter_table("exports_paper", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exports_paper_user_id"), ["user_id"], unique=False)

    op.create_table(
        "exports_printed",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users_user.id"], name=op.f("fk_exports_printed_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "day", "customer_id", name=op.f("pk_exports_printed")),
        info={"owner": "exports"},
    )
    op.create_table(
        "exports_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("requester_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("conditions", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("columns", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("form", sa.String(length=4), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("downloads", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["users_user.id"], name=op.f("fk_exports_request_decided_by"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["requester_id"], ["users_user.id"], name=op.f("fk_exports_request_requester_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports_request")),
        info={"owner": "exports"},
    )
    with op.batch_alter_table("exports_request", schema=None) as batch_op:
        batch_op.create_index("ix_exports_request_requester_id", ["requester_id", "asked_at"], unique=False)
        batch_op.create_index("ix_exports_request_state", ["state", "asked_at"], unique=False)

    op.create_table(
        "exports_file",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["exports_request.id"], name=op.f("fk_exports_file_request_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_exports_file")),
        info={"owner": "exports"},
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
    op.execute("DELETE FROM permissions_role_grant WHERE permission IN ('exports.approve', 'customers.export')")
    op.drop_table("exports_file")
    with op.batch_alter_table("exports_request", schema=None) as batch_op:
        batch_op.drop_index("ix_exports_request_state")
        batch_op.drop_index("ix_exports_request_requester_id")

    op.drop_table("exports_request")
    op.drop_table("exports_printed")
    with op.batch_alter_table("exports_paper", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_exports_paper_user_id"))

    op.drop_table("exports_paper")
