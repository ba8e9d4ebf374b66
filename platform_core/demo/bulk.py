"""Rows in bulk: COPY on PostgreSQL, executemany on SQLite, and the indexes put aside meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, inspect, text

from platform_core.kernel.database import Database

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


@contextmanager
def without_indexes(database: Database) -> Iterator[None]:
    """Drop foreign keys and plain indexes of a PostgreSQL, make them anew at the end, two at a time.

    The rows are checked then, all at once. Killed in between, the database stays without them: make a new one.
    """
    if database.is_sqlite:
        yield
        return
    with database.connection("note the indexes") as connection:
        keys = connection.execute(text(_FOREIGN_KEYS)).all()
        indexes = connection.execute(text(_INDEXES)).all()
        for table, name, _definition in keys:
            connection.execute(text(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"'))
        for name, _definition in indexes:
            connection.execute(text(f'DROP INDEX "{name}"'))
    yield
    # The largest first, so that the last to finish is a small one; foreign keys are checked by the indexes.
    statements = sorted((definition for _name, definition in indexes), key=_cost)
    constraints = [f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}' for table, name, definition in keys]
    with ThreadPoolExecutor(2) as pool:
        for found in (statements, constraints):
            list(pool.map(lambda statement: _execute(database, statement), found))


def _cost(definition: str) -> int:
    order = ("USING gin", " ON public.customers_", " ON public.activities_")
    return next((place for place, part in enumerate(order) if part in definition), len(order))


def _execute(database: Database, statement: str) -> None:
    # A colon in an index definition (a cast) is no parameter.
    with database.connection("make indexes") as connection:
        connection.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        # Two foreign keys to one table wait for each other, and the first one may take minutes.
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text(re.sub(r"(?<!:):(?!:)", r"\:", statement)))


def analyse(database: Database) -> None:
    """Statistics for the planner; without them it takes a million rows for a thousand."""
    with database.engine.connect() as plain:
        connection = plain.execution_options(isolation_level="AUTOCOMMIT")
        cursor = connection.connection.cursor()
        cursor.execute("ANALYZE" if database.is_sqlite else "VACUUM ANALYZE")


_FOREIGN_KEYS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
    FROM pg_constraint
    WHERE contype = 'f' AND connamespace = current_schema()::regnamespace
    ORDER BY conname
"""
_INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE relnamespace = current_schema()::regnamespace AND NOT indisprimary AND NOT indisunique
    ORDER BY 1
"""
