"""Expressions over the values of own fields, and the indexes that serve them.

Conditions, orders and indexes are written from the same functions: an index is only used where its expression is the
very same. The key stands in the text of the statement (it is checked when a field is defined), since no database uses
an index on an expression whose part is a parameter.

Indexes are made and dropped by a job, beside the running server: it compares what definitions want with what is there,
so a job that was killed, a restored backup and an account without the right to make indexes need nothing else.
"""

from __future__ import annotations

import logging
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Float,
    Index,
    MetaData,
    String,
    Table,
    cast,
    func,
    literal_column,
    text,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateIndex, DropIndex
from sqlalchemy.sql.elements import Grouping
from sqlalchemy.sql.functions import FunctionElement

from platform_core.contracts.identity import Actor
from platform_core.customers.custom.definitions import Field, known
from platform_core.customers.models import Customer
from platform_core.kernel.database import Database
from platform_core.kernel.jobs import JobContext, enqueue
from platform_core.kernel.scope import proven

_log = logging.getLogger(__name__)
JOB = "customers.field_indexes"
_PREFIX = "ix_customers_custom_"
_PROOF = proven("indexes of own fields")
_PATIENCE = "120s"


def text_of(column: Any, key: str) -> ColumnElement[str]:
    """The value of a scalar as text, on both databases; NULL where there is none."""
    name: ColumnElement[str] = literal_column(f"'{key}'", String)  # nosemgrep: sql-made-of-text  only [a-z0-9_]
    found: ColumnElement[str] = Grouping(column.op("->>", return_type=String())(name))
    return found


def expression(column: Any, item: Field) -> ColumnElement[Any]:
    """What conditions compare and orders go by: a number, or text folded to small letters."""
    value = text_of(column, item.key)
    if item.is_number:
        return cast(value, Float)
    return byte_wise(func.lower(value) if item.widget in {"text", "url"} else value)


class byte_wise(FunctionElement[str]):  # noqa: N801  written like a function
    """A text that is compared byte by byte, as SQLite does: only so an index finds beginnings and days."""

    type = String()
    inherit_cache = True
    name = "byte_wise"


@compiles(byte_wise)
def _as_it_is(element: Any, compiler: Any, **words: Any) -> str:
    return str(compiler.process(element.clauses, **words))


@compiles(byte_wise, "postgresql")
def _collated(element: Any, compiler: Any, **words: Any) -> str:
    return f'({compiler.process(element.clauses, **words)} COLLATE "C")'


class seldom(FunctionElement[bool]):  # noqa: N801  written like a function
    """A condition that few rows meet.

    SQLite keeps no statistics: without the word it walks the list's order for any range, which took 230 ms at 100,000
    customers instead of 0.1.
    """

    type = Boolean()
    inherit_cache = True
    name = "seldom"


class often(FunctionElement[bool]):  # noqa: N801  written like a function
    """A condition that many rows meet, so that walking the order finds a page soon; the same on PostgreSQL's own."""

    type = Boolean()
    inherit_cache = True
    name = "often"


compiles(seldom)(_as_it_is)
compiles(often)(_as_it_is)


@compiles(seldom, "sqlite")
def _unlikely(element: Any, compiler: Any, **words: Any) -> str:
    return f"unlikely({compiler.process(element.clauses, **words)})"


@compiles(often, "sqlite")
def _likely(element: Any, compiler: Any, **words: Any) -> str:
    return f"likely({compiler.process(element.clauses, **words)})"


def settle_soon(session: Session, actor: Actor | None) -> None:
    enqueue(session, JOB, user_id=actor.user_id if actor else None)


def settle(context: JobContext) -> None:
    """The job: make what is missing, drop what nobody asks for any more."""
    with context.database.system_session("what indexes own fields want", write=False) as session:
        wanted = {_PREFIX + item.key: item for item in known(session).fields if item.is_found}
    follow(context.database, wanted)


def present(session: Session) -> set[str]:
    """Keys of the fields whose index is there and whole."""
    names = _names(session.connection())
    return {name.removeprefix(_PREFIX) for name, is_whole in names.items() if is_whole}


def follow(database: Database, wanted: dict[str, Field]) -> None:
    engine = database.engine.execution_options(isolation_level="AUTOCOMMIT", **_PROOF)
    with engine.connect() as connection:
        if not database.is_sqlite:
            connection.execute(text(f"SET lock_timeout = '{_PATIENCE}'"))  # nosemgrep: sql-made-of-text  a constant
        try:
            there = _names(connection)
            for name, is_whole in there.items():
                if name not in wanted or not is_whole:
                    connection.execute(DropIndex(_bare(name), if_exists=True))
            made = [name for name in wanted if not there.get(name)]
            for name in made:
                connection.execute(CreateIndex(_index(name, wanted[name]), if_not_exists=True))
            if made and not database.is_sqlite:
                connection.execute(text("ANALYZE customers_customer"))
        except DBAPIError as error:
            # An account that may not make indexes, or a table that stays busy: the job of the next hour tries again.
            _log.warning("indexes of own fields: %s", error.orig)
        finally:
            if not database.is_sqlite:
                connection.execute(text("RESET lock_timeout"))


def _names(connection: Connection) -> dict[str, bool]:
    """Indexes of own fields -> whether they are whole: one that could not be finished stays behind on PostgreSQL."""
    if connection.dialect.name == "sqlite":
        statement = text("SELECT name, 1 FROM sqlite_master WHERE type = 'index' AND name LIKE :pattern ESCAPE '!'")
    else:
        statement = text(
            "SELECT relname, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
            " WHERE indrelid = 'customers_customer'::regclass AND relname LIKE :pattern ESCAPE '!'"
        )
    pattern = _PREFIX.replace("_", "!_") + "%"
    rows = connection.execute(statement, {"pattern": pattern}, execution_options=_PROOF)
    return {str(name): bool(is_whole) for name, is_whole in rows}


def _copy() -> Table:
    """The table without its indexes, and apart from the models: what is hung on it here changes nothing there."""
    mapped = Customer.__table__
    assert isinstance(mapped, Table)
    table: Table = mapped.to_metadata(MetaData())
    table.indexes.clear()
    return table


def _index(name: str, item: Field) -> Index:
    """Over all rows: PostgreSQL keeps statistics for a part of them as well, but does not estimate by these."""
    table = _copy()
    return Index(name, expression(table.c.custom, item), table.c.id, postgresql_concurrently=True)


def _bare(name: str) -> Index:
    table = _copy()
    return Index(name, table.c.id, postgresql_concurrently=True)
