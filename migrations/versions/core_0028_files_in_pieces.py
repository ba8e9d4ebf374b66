"""Files that were asked for lie in pieces, and those that are being made say how far they have come.

Revision: core_0028
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0028"
down_revision = "core_0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exports_piece",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["exports_request.id"], name=op.f("fk_exports_piece_request_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("request_id", "number", name=op.f("pk_exports_piece")),
        info={"owner": "exports"},
    )
    op.execute(
        "INSERT INTO exports_piece (request_id, number, content) SELECT request_id, 0, content FROM exports_file"
    )
    op.drop_table("exports_file")
    op.add_column("exports_request", sa.Column("cursor", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
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
    op.drop_column("exports_request", "cursor")
    op.drop_table("exports_piece")
