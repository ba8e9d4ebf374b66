"""A small demo house on each database, loaded once per module: everybody's customers, contracts, files and batons."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from platform_core.demo import load, spec
from platform_core.testing import pytest_plugin as kit
from platform_core.testing import services
from tests.security.houses import House

CUSTOMERS = 40
SEED = 11


@pytest.fixture(scope="module")
def demo_house(
    backend: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with ExitStack() as held:
        url = f"sqlite:///{folder / 'baton.sqlite3'}"
        if backend == "postgresql":
            url = held.enter_context(services.clone_database(request.getfixturevalue("postgres_url")))
        kit.migrate_and_seed(url, folder)
        stand = held.enter_context(kit._stand(url, folder))
        load.load(stand.runtime, spec.make(CUSTOMERS, SEED), "", processes=1)
        stand.runtime.follow()
        yield House(stand.runtime, stand.client)
