"""Fixtures for the core's and every plugin's tests: a migrated platform on SQLite and PostgreSQL, browsers, factories.

A test that asks for `runtime` (or anything built on it) runs once per database. One platform per worker and database
serves all tests; after each test its rows are taken away and the seeded ones put back.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient
from sqlalchemy import Connection, Table, insert, text
from sqlalchemy.orm import Session

from platform_core.app import Runtime, create_app
from platform_core.install import seed
from platform_core.kernel import dictionaries
from platform_core.kernel.model import METADATA
from platform_core.settings import Settings
from platform_core.testing import services
from platform_core.testing.browser import Browser
from platform_core.testing.factories import Factory
from platform_core.testing.queries import QueryCounter
from platform_core.users import labels

BACKENDS = ("sqlite", "postgresql")


@dataclass(slots=True)
class Stand:
    """A running platform of this worker on one database."""

    runtime: Runtime
    client: TestClient[Any]
    tables: tuple[Table, ...]
    """All of them, what others refer to first."""
    at_rest: tuple[Any, ...]
    """How its plugins stood before the first test."""
    seeded: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--backend", action="append", choices=BACKENDS, help="run only on this database (repeatable)")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "any_database: about files, templates or imports: on one database")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "backend" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--backend") or list(BACKENDS)
        if metafunc.definition.get_closest_marker("any_database"):
            chosen = chosen[:1]
        metafunc.parametrize("backend", chosen, scope="session")


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all workers of this run."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL server, shared by all workers of this run."""
    with services.postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A real Redis server, shared by all workers of this run."""
    with services.redis_server() as url:
        yield url


def make_settings(database_url: str, folder: Path, **changes: Any) -> Settings:
    """Settings for a platform under `folder`; plugin faults raise, BATON_PLUGINS narrows the plugins."""
    chosen = os.environ.get("BATON_PLUGINS")
    values: dict[str, Any] = {
        "database_url": database_url,
        "data_dir": folder,
        "secret_file": folder / "secret.json",
        "strict_plugins": True,
        "api_docs": True,
        "web_threads": 6,
        "allowed_plugins": None if chosen is None else frozenset(chosen.split(",")),
    }
    return Settings(**{**values, **changes})


def migrate_and_seed(url: str, folder: Path) -> None:
    runtime = Runtime(make_settings(url, folder))
    runtime.migrate()
    seed(runtime)
    runtime.database.dispose()


@pytest.fixture(scope="session")
def sqlite_stand(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    folder = tmp_path_factory.mktemp("sqlite")
    template = services.template_file(run_folder, lambda url: migrate_and_seed(url, run_folder))
    with _stand(services.clone_file(template, folder / "baton.sqlite3"), folder) as stand:
        yield stand


@pytest.fixture(scope="session")
def postgresql_stand(postgres_url: str, run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    template = services.template_database(postgres_url, lambda url: migrate_and_seed(url, run_folder))
    with (
        services.clone_database(postgres_url, template) as url,
        _stand(url, tmp_path_factory.mktemp("postgresql")) as stand,
    ):
        yield stand


@contextmanager
def _stand(url: str, folder: Path) -> Iterator[Stand]:
    runtime = Runtime(make_settings(url, folder))
    runtime.follow()
    with TestClient(create_app(runtime, background=False)) as client:
        stand = Stand(runtime, client, tuple(METADATA.sorted_tables), _standing(runtime))
        with runtime.database.connection("remember the seeded rows") as connection:
            for table in stand.tables:
                rows = [dict(row) for row in connection.execute(table.select()).mappings()]
                if rows:
                    stand.seeded[table.name] = rows
        yield stand


@pytest.fixture
def stand(backend: str, request: pytest.FixtureRequest) -> Stand:
    found: Stand = request.getfixturevalue(f"{backend}_stand")
    return found


@pytest.fixture
def runtime(stand: Stand) -> Iterator[Runtime]:
    """The platform on a clean, seeded database, with every installed plugin enabled."""
    stand.runtime.take_charge()  # tests make platforms of their own
    yield stand.runtime
    stand.client.cookies.clear()
    for owner in stand.runtime.manager.faults.fresh():
        stand.runtime.manager.faults.drop(owner)
    with stand.runtime.database.connection("clean up after a test") as connection:
        _restore(connection, stand)
    for followed in (dictionaries.followed, labels.followed):
        followed.forget(stand.runtime.database.url)
    if _standing(stand.runtime) != stand.at_rest:
        stand.runtime.manager.version = -2
        stand.runtime.follow()


def _standing(runtime: Runtime) -> tuple[Any, ...]:
    manager = runtime.manager
    states = {name: (plugin.state, plugin.reason) for name, plugin in manager.plugins.items()}
    return manager.version, manager.enabled, states


def _restore(connection: Connection, stand: Stand) -> None:
    tables = [table.name for table in stand.tables]
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text("; ".join(f'DELETE FROM "{name}"' for name in tables)))  # noqa: S608  our own tables
        _insert_seeded(connection, stand)
        connection.execute(text("SET session_replication_role = origin"))
        return
    connection.execute(text("PRAGMA defer_foreign_keys=ON"))
    triggers = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
    guards = [(name, sql) for name, sql in triggers if name.startswith("audit_")]
    for name, _sql in guards:  # nothing else switches them off on SQLite
        connection.execute(text(f'DROP TRIGGER "{name}"'))
    for name in reversed(tables):
        connection.execute(text(f'DELETE FROM "{name}"'))  # noqa: S608  names of our own tables
    _insert_seeded(connection, stand)
    for _name, sql in guards:
        connection.exec_driver_sql(sql)


def _insert_seeded(connection: Connection, stand: Stand) -> None:
    for name, rows in stand.seeded.items():
        table: Table = METADATA.tables[name]
        connection.execute(insert(table), rows)


@pytest.fixture
def session(runtime: Runtime) -> Iterator[Session]:
    """A system session for arranging and checking; commit it before a browser should see the rows."""
    with runtime.database._session({"system": "test"}, write=True) as session:  # noqa: SLF001
        yield session


@pytest.fixture
def factory(runtime: Runtime) -> Factory:
    """Makes departments, users, customers and what belongs to them; everything is committed at once."""
    return Factory(runtime)


@pytest.fixture
def browser(runtime: Runtime, stand: Stand) -> Browser:
    """A browser nobody is signed in with; `browser.sign_in(user)` returns another one for that user."""
    return Browser(runtime, stand.client)


@pytest.fixture
def count_queries(runtime: Runtime) -> Iterator[QueryCounter]:
    """`with count_queries(at_most=12): …` fails when a block sends more statements."""
    counter = QueryCounter(runtime.database.engine)
    yield counter
    counter.remove()
