"""Rows in bulk, past the unit of work: COPY on PostgreSQL, executemany on SQLite."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, inspect
from sqlalchemy.orm import Session

from platform_core.kernel.scope import ScopeViolation

_ROWS = 10_000


@dataclass(slots=True)
class _Shape:
    """How rows that name the same columns go into a table."""

    columns: list[str]
    values_of: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    processors: list[Callable[[Any], Any] | None]
    constants: list[Any]
    """Values of the columns that the rows leave out."""


class Writer:
    """Writes mapped rows through one connection, past the unit of work; the caller commits."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._is_sqlite = connection.dialect.name == "sqlite"
        self._cursor: Any = connection.connection.cursor()
        self._shapes: dict[tuple[str, tuple[str, ...]], _Shape] = {}

    @classmethod
    def of(cls, session: Session) -> Writer:
        """In the transaction of a system session: nothing looks at the scope of what is written here."""
        if "system" not in session.info:
            message = "rows in bulk are written by system sessions only"
            raise ScopeViolation(message)
        return cls(session.connection())

    def write(self, model: type[Any], rows: Iterable[Mapping[str, Any]]) -> None:
        """All rows name the same attributes; columns they leave out get their constant defaults."""
        found = iter(rows)
        while batch := list(islice(found, _ROWS)):
            shape = self._shape(model, tuple(batch[0]))
            values = _values(shape, batch)
            (self._insert if self._is_sqlite else self._copy)(model.__tablename__, shape.columns, values)

    def _shape(self, model: type[Any], keys: tuple[str, ...]) -> _Shape:
        name = model.__tablename__
        known = self._shapes.get((name, keys))
        if known is None:
            dialect = self._connection.dialect
            columns = {prop.key: prop.columns[0] for prop in inspect(model).column_attrs}
            constants = {
                key: column.default.arg({}) if callable(column.default.arg) else column.default.arg
                for key, column in columns.items()
                if key not in keys and column.default is not None and not column.primary_key
            }
            processors = {
                key: columns[key].type.dialect_impl(dialect).bind_processor(dialect) for key in (*keys, *constants)
            }
            filled = [process(value) if (process := processors[key]) else value for key, value in constants.items()]
            known = _Shape(
                [f'"{columns[key].name}"' for key in processors],
                itemgetter(*keys) if len(keys) > 1 else _only(keys[0]),
                [processors[key] for key in keys],
                filled,
            )
            self._shapes[name, keys] = known
        return known

    def _copy(self, table: str, columns: list[str], rows: Iterator[list[Any]]) -> None:
        with self._cursor.copy(f'COPY "{table}" ({", ".join(columns)}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)

    def _insert(self, table: str, columns: list[str], rows: Iterator[list[Any]]) -> None:
        marks = ", ".join("?" * len(columns))
        self._cursor.executemany(f'INSERT INTO "{table}" ({", ".join(columns)}) VALUES ({marks})', rows)  # noqa: S608


def _values(shape: _Shape, batch: list[Mapping[str, Any]]) -> Iterator[list[Any]]:
    processors, constants, width = shape.processors, shape.constants, len(shape.processors)
    for row in batch:
        if len(row) != width:
            raise ValueError(f"a row names {len(row)} columns, the first one {width}")
        made = [
            value if processor is None else processor(value)
            for processor, value in zip(processors, shape.values_of(row), strict=True)
        ]
        made.extend(constants)
        yield made


def _only(key: str) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """As itemgetter, which gives no tuple for a single key."""
    return lambda row: (row[key],)
