"""Kinds of paper, labels and letters that are made as files, and templates of letters.

Revision: core_0030
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "core_0030"
down_revision = "core_0029"
branch_labels = None
depends_on = None

_ALL = 5
_ROLES = ("management", "department_head")
_RIGHT = "exports.letters"


def upgrade() -> None:
    json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    with op.batch_alter_table("exports_paper", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(length=10), server_default="table", nullable=False))
        batch_op.add_column(sa.Column("state", sa.String(length=10), server_default="ready", nullable=False))
        batch_op.add_column(sa.Column("ids", json, nullable=True))
        batch_op.add_column(sa.Column("options", json, nullable=True))
    op.create_table(
        "exports_paper_file",
        sa.Column("paper_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["exports_paper.id"], name=op.f("fk_exports_paper_file_paper_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("paper_id", name=op.f("pk_exports_paper_file")),
        info={"owner": "exports"},
    )
    op.create_table(
        "exports_letter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("uploaded_by", sa.Uuid(), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["uploaded_by"], ["users_user.id"], name=op.f("fk_exports_letter_uploaded_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports_letter")),
        sa.UniqueConstraint("name", name=op.f("uq_exports_letter_name")),
        info={"owner": "exports"},
    )
    role = sa.table("permissions_role", sa.column("id", sa.Uuid()), sa.column("code", sa.String()))
    grant = sa.table(
        "permissions_role_grant", sa.column("role_id", sa.Uuid()), sa.column("permission", sa.String()),
        sa.column("scope", sa.Integer()),
    )  # fmt: skip
    for code in _ROLES:
        held = sa.select(role.c.id, sa.literal(_RIGHT), sa.literal(_ALL)).where(role.c.code == code)
        op.execute(grant.insert().from_select(["role_id", "permission", "scope"], held))


def downgrade() -> None:
    op.execute(f"DELETE FROM permissions_role_grant WHERE permission = '{_RIGHT}'")
    op.drop_table("exports_letter")
    op.drop_table("exports_paper_file")
    with op.batch_alter_table("exports_paper", schema=None) as batch_op:
        for column in ("options", "ids", "state", "kind"):
            batch_op.drop_column(column)
