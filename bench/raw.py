"""The floor under a page: the statements it sends, captured once, sent through the bare driver.

The page is rendered once in this process, on the same database. What it inserts (its line of audit) is inserted each
time under a new id and committed, as the page does.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any
from uuid import UUID

import psycopg
from litestar.testing import TestClient
from sqlalchemy import event
from sqlalchemy.engine import make_url

from bench.clients import Call, repeated
from platform_core.app import Runtime, create_app
from platform_core.kernel.ids import new_id

Statement = tuple[str, Any]


@contextmanager
def in_process(runtime: Runtime) -> Iterator[TestClient[Any]]:
    """The application without a server. Ends the runtime."""
    with TestClient(create_app(runtime, background=False), base_url="http://127.0.0.1") as client:
        yield client


def captured(runtime: Runtime, client: TestClient[Any], call: Call) -> list[Statement]:
    """What the page sends to the database once its caches are warm."""
    found: list[Statement] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool) -> None:  # noqa: FBT001
        found.append((statement, parameters))

    for _number in range(3):
        found.clear()
        event.listen(runtime.database.engine, "before_cursor_execute", note)
        try:
            answer = client.request(call.method, call.path, content=call.body, headers=call.headers)
        finally:
            event.remove(runtime.database.engine, "before_cursor_execute", note)
        if answer.status_code != 200:
            raise RuntimeError(f"{call.path}: {answer.status_code} {answer.text[:300]}")
    return [(statement, parameters) for statement, parameters in found if not statement.startswith("BEGIN")]


def timed(runtime: Runtime, pages: Sequence[list[Statement]], rounds: int) -> list[float]:
    """Seconds of each page's statements in one transaction, through the driver alone."""
    found: list[float] = []
    connect = _sqlite if runtime.database.is_sqlite else _postgresql
    with connect(runtime) as connection:
        for _round in range(rounds):
            for statements in pages:
                fresh = [(statement, _renewed(statement, parameters)) for statement, parameters in statements]
                found += repeated(lambda fresh=fresh: _send(connection, fresh), 1)  # type: ignore[misc]
    return found


def _send(connection: Any, statements: list[Statement]) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("BEGIN IMMEDIATE")
    for statement, parameters in statements:
        cursor = connection.execute(statement, parameters)
        if cursor.description is not None:
            cursor.fetchall()
    connection.commit()


def _renewed(statement: str, parameters: Any) -> Any:
    """Inserted rows need an id that is not there yet: it is the first value of ours."""
    if not statement.startswith("INSERT"):
        return parameters
    if isinstance(parameters, dict):
        keys = [key for key in ("id", "new_id") if isinstance(parameters.get(key), UUID)]
        return {**parameters, **{key: new_id() for key in keys}}
    return (new_id().hex, *parameters[1:])


@contextmanager
def _postgresql(runtime: Runtime) -> Iterator[Any]:
    url = make_url(runtime.settings.database_url)
    options = "-c plan_cache_mode=force_custom_plan -c jit=off -c timezone=UTC"
    place = url.query["host"]
    with psycopg.connect(host=str(place), dbname=url.database, user=url.username, options=options) as connection:
        yield connection


@contextmanager
def _sqlite(runtime: Runtime) -> Iterator[Any]:
    path = make_url(runtime.settings.database_url).database
    assert path
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("synchronous=NORMAL", "mmap_size=268435456", "cache_size=-32768", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        yield connection
