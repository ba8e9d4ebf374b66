from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from platform_core.testing import services


@pytest.fixture
def empty_database(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """URL of a database without tables."""
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
        return
    with services.clone_database(request.getfixturevalue("postgres_url")) as url:
        yield url
