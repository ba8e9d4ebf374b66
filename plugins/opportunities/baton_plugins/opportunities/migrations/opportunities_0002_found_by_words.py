"""Titles and contract numbers are found through an index, in characters, pinyin and initials.

Revision: opportunities_0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from platform_core.api import SearchTokens, index_tokens

revision = "opportunities_0002"
down_revision = "opportunities_0001"
branch_labels = None
depends_on = None

_FOUND_BY = {"opportunities_opportunity": "title", "opportunities_contract": "number"}
_AT_ONCE = 5000


def upgrade() -> None:
    kind = sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql")
    for name, text in _FOUND_BY.items():
        with op.batch_alter_table(name) as batch_op:
            batch_op.add_column(sa.Column("tokens", kind, nullable=False, server_default=""))
        _fill(name, text)
        with op.batch_alter_table(name) as batch_op:
            batch_op.alter_column("tokens", server_default=None)
        if op.get_bind().dialect.name == "postgresql":
            op.create_index(f"ix_{name}_tokens", name, ["tokens"], postgresql_using="gin")
            # With the default statistics words that few titles have pass for common ones.
            op.execute(f"ALTER TABLE {name} ALTER tokens SET STATISTICS 1000")


def _fill(name: str, text: str) -> None:
    rows = sa.table(name, sa.column("id", sa.Uuid()), sa.column(text, sa.Text()), sa.column("tokens", SearchTokens()))
    key = sa.bindparam("of_row", type_=sa.Uuid())
    fill = rows.update().where(rows.c.id == key).values(tokens=sa.bindparam("found", type_=SearchTokens()))
    found = op.get_bind().execute(sa.select(rows.c.id, rows.c[text])).all()
    for start in range(0, len(found), _AT_ONCE):
        part = found[start : start + _AT_ONCE]
        op.get_bind().execute(fill, [{"of_row": row[0], "found": sorted(index_tokens(row[1]))} for row in part])


def downgrade() -> None:
    for name in _FOUND_BY:
        if op.get_bind().dialect.name == "postgresql":
            op.drop_index(f"ix_{name}_tokens", name)
        with op.batch_alter_table(name) as batch_op:
            batch_op.drop_column("tokens")
