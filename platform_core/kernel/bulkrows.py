"""Rows in bulk, past the unit of work: COPY on PostgreSQL, executemany on SQLite."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Dialect, inspect
from sqlalchemy.orm import Session

from platform_core.kernel.scope import ScopeViolation

_ROWS = 10_000
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_SPECIAL = re.compile(r"[\\\t\n\r]")
Row = Any
"""A row as its database takes it: a line of COPY without its end on PostgreSQL, a tuple of values on SQLite."""


class Form:
    """How rows that name the same attributes go into a table; columns they leave out get their constant defaults.

    `late` are attributes that are not known when the rows are written down, and come to them by `complete`.
    """

    def __init__(self, dialect: Dialect, model: type[Any], keys: Sequence[str], late: Sequence[str] = ()) -> None:
        columns = {prop.key: prop.columns[0] for prop in inspect(model).column_attrs}
        constants = {
            key: column.default.arg({}) if callable(column.default.arg) else column.default.arg
            for key, column in columns.items()
            if key not in {*keys, *late} and column.default is not None and not column.primary_key
        }
        self.table = model.__tablename__
        self.columns = [f'"{columns[key].name}"' for key in (*keys, *constants, *late)]
        self._is_sqlite = dialect.name == "sqlite"
        self._values_of = itemgetter(*keys) if len(keys) > 1 else _only(keys[0])
        self._width = len(keys)
        kinds = {key: columns[key].type.dialect_impl(dialect).bind_processor(dialect) for key in (*keys, *constants)}
        self._processors = [kinds[key] for key in keys]
        filled = [process(value) if (process := kinds[key]) else value for key, value in constants.items()]
        self._constants = tuple(filled)
        self._end = b"" if self._is_sqlite else b"".join(b"\t" + _text(value).encode() for value in filled)

    def row(self, values: Mapping[str, Any]) -> Row:
        """Raises ValueError for a row that names other columns than the first one."""
        if len(values) != self._width:
            raise ValueError(f"a row names {len(values)} columns, the first one {self._width}")
        made = [
            value if processor is None else processor(value)
            for processor, value in zip(self._processors, self._values_of(values), strict=True)
        ]
        if self._is_sqlite:
            return (*made, *self._constants)
        return "\t".join([_TEXTS[type(value)](value) for value in made]).encode() + self._end

    def complete(self, row: Row, *late: str) -> Row:
        """The row with its late values, which are text."""
        if self._is_sqlite:
            return (*row, *late)
        return row + b"".join([b"\t" + _escaped(value).encode() for value in late])


class Writer:
    """Writes rows through one connection, past the unit of work; the caller commits."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._is_sqlite = connection.dialect.name == "sqlite"
        self._cursor: Any = connection.connection.cursor()
        self._forms: dict[tuple[str, tuple[str, ...]], Form] = {}

    @classmethod
    def of(cls, session: Session) -> Writer:
        """In the transaction of a system session: nothing looks at the scope of what is written here."""
        if "system" not in session.info:
            message = "rows in bulk are written by system sessions only"
            raise ScopeViolation(message)
        return cls(session.connection())

    def write(self, model: type[Any], rows: Iterable[Mapping[str, Any]]) -> None:
        """All rows name the same attributes."""
        found = iter(rows)
        while batch := list(islice(found, _ROWS)):
            form = self._form(model, tuple(batch[0]))
            self.put(form, [form.row(values) for values in batch])

    def put(self, form: Form, rows: Sequence[Row]) -> None:
        """Rows that were made by the form for this kind of database, perhaps in another process."""
        if not rows:
            return
        names = ", ".join(form.columns)
        if self._is_sqlite:
            marks = ", ".join("?" * len(form.columns))
            self._cursor.executemany(f'INSERT INTO "{form.table}" ({names}) VALUES ({marks})', rows)  # noqa: S608
            return
        # Sessions plan each statement for its values. So would the check of each foreign key of each row: a fifth of
        # PostgreSQL's work, and all its plans are the same.
        self._cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        with self._cursor.copy(f'COPY "{form.table}" ({names}) FROM STDIN') as copy:
            copy.write(b"\n".join(rows) + b"\n")
        self._cursor.execute("SET LOCAL plan_cache_mode TO DEFAULT")

    def lazily(self) -> None:
        """The commit does not wait for the disk: for work that is done again where a power cut undoes it."""
        if not self._is_sqlite:
            self._cursor.execute("SET LOCAL synchronous_commit = off")

    def _form(self, model: type[Any], keys: tuple[str, ...]) -> Form:
        known = self._forms.get((model.__tablename__, keys))
        if known is None:
            self._forms[model.__tablename__, keys] = known = Form(self._connection.dialect, model, keys)
        return known


def _escaped(text: str) -> str:
    """As COPY reads text. PostgreSQL refuses NUL, as it does in parameters."""
    return text.translate(_ESCAPES) if _SPECIAL.search(text) else text


def _bytes(value: bytes) -> str:
    return f"\\\\x{value.hex()}"


def _text(value: Any) -> str:
    return _TEXTS[type(value)](value)


_WRAPPED: dict[str, Callable[[Any], str]] = {
    "Binary": lambda value: _bytes(value.obj),
    "Json": lambda value: _escaped(json.dumps(value.obj)),
    "Jsonb": lambda value: _escaped(json.dumps(value.obj)),
}
"""What SQLAlchemy wraps for psycopg, by name: a house on SQLite need not load psycopg."""


class _Texts(dict[type, Callable[[Any], str]]):
    """How COPY reads values of a type."""

    def __missing__(self, kind: type) -> Callable[[Any], str]:
        found = next((write for known, write in self.items() if issubclass(kind, known)), _WRAPPED.get(kind.__name__))
        if found is None:
            raise TypeError(f"no row in bulk holds a {kind.__name__}")
        self[kind] = found
        return found


_TEXTS = _Texts(
    {
        type(None): lambda _value: "\\N",
        str: _escaped,
        bool: lambda value: "t" if value else "f",
        int: str,
        float: repr,
        Decimal: str,
        UUID: lambda value: f"{value.int:032x}",
        datetime: datetime.isoformat,
        date: date.isoformat,
        bytes: _bytes,
    }
)


def _only(key: str) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """As itemgetter, which gives no tuple for a single key."""
    return lambda row: (row[key],)
