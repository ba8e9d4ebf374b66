from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from platform_core.app import Runtime
from platform_core.testing import services
from platform_core.testing.pytest_plugin import make_settings


@pytest.fixture
def empty_database(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """URL of a database without tables."""
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
        return
    with services.clone_database(request.getfixturevalue("postgres_url")) as url:
        yield url


@pytest.fixture
def start(runtime: Runtime, tmp_path: Path) -> Iterator[Callable[..., Runtime]]:
    """Another process's view of the same database: `start(strict=False)`, with other settings by name."""
    started: list[Runtime] = []

    def make(*, strict: bool = False, **changes: Any) -> Runtime:
        settings = runtime.settings
        same = {"secret_file": settings.secret_file, **changes}
        started.append(Runtime(make_settings(settings.database_url, tmp_path / "data", strict_plugins=strict, **same)))
        started[-1].follow()
        return started[-1]

    yield make
    for item in started:
        item.database.dispose()
    runtime.take_charge()
