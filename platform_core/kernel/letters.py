"""What a text contains, by an index: PostgreSQL's over the letters of it, which leads to few rows that are looked at.

No word index serves "contains": words begin somewhere, and Chinese has none. Trigrams need three letters, and two
characters are what people type.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, column, func, null
from sqlalchemy.dialects.postgresql import ARRAY


def has_letters(value: Any, text: str) -> ColumnElement[bool]:
    """Whether each letter of the text, in whatever case, is in the value; not yet that they follow each other.

    PostgreSQL only; looked up where the value is a column of an index made by `create_letter_index`.
    """
    found: ColumnElement[bool] = _letters(value).contains(_letters(text))
    return found


def _letters(value: Any) -> ColumnElement[Any]:
    return func.string_to_array(func.lower(value), null(), type_=ARRAY(Text()))


def create_letter_index(operations: Any, table: str, columns: Sequence[str], where: ColumnElement[bool]) -> None:
    """For migrations, on PostgreSQL: one index over the letters of these columns. `operations`: alembic's."""
    letters = [_letters(column(name)) for name in columns]
    operations.create_index(letter_index(table), table, letters, postgresql_using="gin", postgresql_where=where)


def drop_letter_index(operations: Any, table: str) -> None:
    operations.drop_index(letter_index(table), table_name=table)


def letter_index(table: str) -> str:
    """Its name."""
    return f"ix_{table}_letters"
