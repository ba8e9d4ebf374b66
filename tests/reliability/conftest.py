"""A real server process on a database that the test arranges and inspects from outside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from platform_core.app import Runtime
from platform_core.testing import pytest_plugin as kit
from platform_core.testing import services
from platform_core.testing.factories import Factory
from platform_core.testing.serving import Served
from tests.reliability.places import Place


@contextmanager
def place_at(url: str, folder: Path) -> Iterator[Place]:
    """The server is not started yet."""
    runtime = Runtime(kit.make_settings(url, folder))
    runtime.follow()
    served = Served(folder, {"BATON_DATABASE_URL": url, "BATON_WEB_THREADS": "20"})
    try:
        yield Place(runtime, Factory(runtime), served)
    finally:
        served.kill()
        runtime.database.dispose()


@pytest.fixture
def embedded(run_folder: Path, tmp_path: Path) -> Iterator[Place]:
    """The one process of the embedded default, with its jobs, on SQLite."""
    template = services.template_file(run_folder, lambda url: kit.migrate_and_seed(url, run_folder))
    with place_at(services.clone_file(template, tmp_path / "baton.sqlite3"), tmp_path) as place:
        yield place


@pytest.fixture
def durable(tmp_path: Path) -> Iterator[tuple[Place, services.RestartableServer]]:
    """A web process on a PostgreSQL that may lose its power as well."""
    with services.restartable_postgres() as postgres:
        kit.migrate_and_seed(postgres.url, tmp_path)
        with place_at(postgres.url, tmp_path) as place:
            yield place, postgres
