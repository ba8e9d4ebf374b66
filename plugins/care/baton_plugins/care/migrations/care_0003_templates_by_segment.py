"""Templates of an occasion by classification and by tag as well as by grade.

Revision: care_0003
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "care_0003"
down_revision = "care_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    rows = _taken_out()
    _create("classification", sa.Column("classification", sa.String(length=60), server_default="", nullable=False))
    _put_in(rows)
    op.create_table(
        "care_tag_wording",
        sa.Column("occasion_id", sa.Uuid(), nullable=False),
        sa.Column("tag_id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["occasion_id"], ["care_occasion.id"], name=op.f("fk_care_tag_wording_occasion_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tag_id"], ["customers_tag.id"], name=op.f("fk_care_tag_wording_tag_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("occasion_id", "tag_id", name=op.f("pk_care_tag_wording")),
        info={"owner": "care"},
    )
    op.create_index("ix_care_tag_wording_tag_id", "care_tag_wording", ["tag_id"])


def downgrade() -> None:
    op.drop_table("care_tag_wording")
    rows = _taken_out("classification = ''")
    _create("")
    _put_in(rows)


def _create(key: str, *more: sa.schema.SchemaItem) -> None:
    """`key`: the column by which a row is known beside its occasion and grade."""
    op.create_table(
        "care_wording",
        sa.Column("occasion_id", sa.Uuid(), nullable=False),
        sa.Column("grade", sa.String(length=60), nullable=False),
        *more,
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["occasion_id"], ["care_occasion.id"], name=op.f("fk_care_wording_occasion_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(*filter(None, ("occasion_id", "grade", key)), name=op.f("pk_care_wording")),
        info={"owner": "care"},
    )


def _table() -> Any:
    kinds: dict[str, Any] = {"occasion_id": sa.Uuid(), "grade": sa.String(), "template_id": sa.Uuid()}
    return sa.table("care_wording", *(sa.column(name, kind) for name, kind in kinds.items()))


def _taken_out(where: str = "") -> list[dict[str, Any]]:
    statement = sa.select(_table())
    found = op.get_bind().execute(statement.where(sa.text(where)) if where else statement).mappings()
    rows = [dict(row) for row in found]
    op.drop_table("care_wording")
    return rows


def _put_in(rows: list[dict[str, Any]]) -> None:
    if rows:
        op.bulk_insert(_table(), rows)
