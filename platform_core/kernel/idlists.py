"""`column` is one of many ids, as one parameter: an array on PostgreSQL, JSON on SQLite.

An IN list repeats each id as a parameter. A manager of 190 departments sent 1,500 of them with one search, and
reading those took the database longer (60 ms) than the rows (3 ms).

PostgreSQL estimates how rare each element of a known array is, 190 times for each of a statement's eight conditions
(20 ms). Out of a subquery it does not know the elements beforehand.

The array travels as PostgreSQL keeps it, packed once for all the statements of a request: written and read as text,
200 ids cost each statement half a millisecond more.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, ColumnElement, Dialect, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

FEW = 16
"""Up to here PostgreSQL may know them while it plans."""


class Ids(tuple[UUID, ...]):  # noqa: SLOT001  what is written once is kept in its __dict__
    """Ids as a parameter of several statements: what a database reads is written once."""

    @cached_property
    def packed(self) -> Packed:
        """One dimension without NULL, counted from 1: `array_recv` in PostgreSQL's arrayfuncs.c."""
        head = struct.pack("!iiIii", 1, 0, _UUID, len(self), 1) if self else struct.pack("!iiI", 0, 0, _UUID)
        return Packed(head + b"".join(_LENGTH + key.bytes for key in self))

    @cached_property
    def text(self) -> str:
        return json.dumps([key.hex for key in self])


_UUID = 2950
"""The type's number, of PostgreSQL's pg_type.dat."""
_LENGTH = struct.pack("!i", 16)


class Packed(bytes):
    """An array of uuid as `kernel.postgres` sends it."""

    __slots__ = ()


class _UuidArray(UserDefinedType[Any]):
    cache_ok = True
    render_bind_cast = True

    def get_col_spec(self, **_keywords: Any) -> str:
        return "UUID[]"


class _IdList(TypeDecorator[Any]):
    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(_UuidArray() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Iterable[UUID] | None, dialect: Dialect) -> Any:
        ids = value if isinstance(value, Ids) else Ids(value or ())
        return ids.packed if dialect.name == "postgresql" else ids.text


class _Among(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True
    name = "among"

    def self_group(self, against: Any = None) -> Any:
        """Bare: SQLAlchemy would write `... = 1` for SQLite, which no index serves."""
        return self


class _AmongMany(_Among):
    inherit_cache = True
    name = "among_many"


@compiles(_Among, "postgresql")
def _as_array(element: _Among, compiler: SQLCompiler, **keywords: Any) -> str:
    column, ids = (compiler.process(clause, **keywords) for clause in element.clauses)
    return f"({column} = ANY ({ids}))"


@compiles(_AmongMany, "postgresql")
def _as_unknown_array(element: _Among, compiler: SQLCompiler, **keywords: Any) -> str:
    column, ids = (compiler.process(clause, **keywords) for clause in element.clauses)
    return f"({column} = ANY (ARRAY(SELECT unnest({ids}))))"


@compiles(_Among, "sqlite")
@compiles(_AmongMany, "sqlite")
def _as_json(element: _Among, compiler: SQLCompiler, **keywords: Any) -> str:
    column, ids = (compiler.process(clause, **keywords) for clause in element.clauses)
    return f"({column} IN (SELECT value FROM json_each({ids})))"  # noqa: S608  compiled clauses


class NamedIds(Collection[UUID]):
    """At least one id that is only known when the statement runs, by the name of its parameter."""

    def __init__(self, name: str, *, is_many: bool = True) -> None:
        self.name = name
        self.is_many = is_many

    def __bool__(self) -> bool:
        return True

    def __len__(self) -> int:
        raise TypeError(self._unknown())

    def __iter__(self) -> Iterator[UUID]:
        raise TypeError(self._unknown())

    def __contains__(self, item: object) -> bool:
        raise TypeError(self._unknown())

    def _unknown(self) -> str:
        return f"{self.name} has no ids before the statement runs: use among()"


def among(column: Any, ids: Iterable[UUID]) -> ColumnElement[bool]:
    """Whether the column of ids holds one of these."""
    if isinstance(ids, NamedIds):
        return (_AmongMany if ids.is_many else _Among)(column, bindparam(ids.name, type_=_IdList()))
    found = sorted(ids)
    kind = _Among if len(found) <= FEW else _AmongMany
    return kind(column, bindparam("ids", found, type_=_IdList(), unique=True))
