"""One server with a small demo, one Chromium; every test in this folder fails on what its pages complain about."""

from collections.abc import Iterator

import pytest

from platform_core.testing.chromium import Visitors, chromium
from platform_core.testing.serving import PASSWORD, Served


@pytest.fixture(scope="package")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    server = Served(tmp_path_factory.mktemp("served"))
    server.command("demo", "--customers", "60", "--seed", "7", "--processes", "1")
    server.command("user", "role", "office", "security_admin")
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="package")
def engine():
    with chromium() as browser:
        yield browser


@pytest.fixture
def visitors(served, engine) -> Iterator[Visitors]:
    found = Visitors(engine, served.url, PASSWORD)
    yield found
    found.close()
    found.watch.check()
