"""SELECTs of columns as SQLAlchemy's Core runs them: rows that hold no objects need nothing of the ORM.

The ORM looks through each statement, and through each row for objects: 0.1 ms for what SQLite answers in 0.02 ms.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Bundle
from sqlalchemy.util import immutabledict


def of_columns(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """The same statement without the ORM, where it asks for columns alone and has no loader options; else itself.

    For statements that are kept and carry their policies and `proven()`: the session no longer adds policies to what
    this returns. The engine's guard goes by tables, and refuses it on protected ones without proof as any other.
    """
    if statement._with_options or any(_is_object(found) for found in statement.column_descriptions):  # noqa: SLF001
        return statement
    core = statement._generate()  # noqa: SLF001
    core._propagate_attrs = immutabledict()  # noqa: SLF001  what tells a session to have the ORM compile it
    return core


def _is_object(column: Any) -> bool:
    """An entry of `column_descriptions` that stands for an entity or a bundle."""
    return column["expr"] is column.get("entity") or isinstance(column["expr"], Bundle)
