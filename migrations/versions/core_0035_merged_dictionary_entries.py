"""Entries of a dictionary that become part of others.

Revision: core_0035
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "core_0035"
down_revision = "core_0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    with op.batch_alter_table("core_dictionary_entry", schema=None) as batch_op:
        batch_op.add_column(sa.Column("merged_into", sa.String(length=60), server_default="", nullable=False))
    op.create_table(
        "core_dictionary_merge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dictionary", sa.String(length=60), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("into", sa.String(length=60), nullable=False),
        sa.Column("into_label", sa.String(length=120), nullable=False),
        sa.Column("was_active", sa.Boolean(), nullable=False),
        sa.Column("fields", json, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("cursor", json, nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("undone", sa.Integer(), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("by_label", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_dictionary_merge")),
    )
    op.create_index("ix_core_dictionary_merge_dictionary_at", "core_dictionary_merge", ["dictionary", "at"])
    op.create_table(
        "core_dictionary_merge_line",
        sa.Column("merge_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.String(length=140), nullable=False),
        sa.Column("key", json, nullable=False),
        sa.ForeignKeyConstraint(
            ["merge_id"], ["core_dictionary_merge.id"], name=op.f("fk_core_dictionary_merge_line_merge_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("merge_id", "number", name=op.f("pk_core_dictionary_merge_line")),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("core_dictionary_merge_line")
    op.drop_table("core_dictionary_merge")
    with op.batch_alter_table("core_dictionary_entry", schema=None) as batch_op:
        batch_op.drop_column("merged_into")
