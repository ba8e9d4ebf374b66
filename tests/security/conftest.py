"""Houses to attack, once per module: a small demo on each database, and a served one with a thousand customers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from platform_core.app import Runtime
from platform_core.demo import load, spec
from platform_core.testing import pytest_plugin as kit
from platform_core.testing import services
from platform_core.testing.serving import Served
from tests.security.houses import House
from tests.security.robbed import Mark, robbed

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


@pytest.fixture(scope="module")
def mark(postgres_url: str, run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mark]:
    folder = tmp_path_factory.mktemp("robbed")
    template = services.template_database(postgres_url, lambda url: kit.migrate_and_seed(url, run_folder))
    with services.clone_database(postgres_url, template) as url:
        runtime = Runtime(kit.make_settings(url, folder))
        runtime.follow()
        served = Served(folder, {"BATON_DATABASE_URL": url, "BATON_WEB_THREADS": "20"})
        try:
            with robbed(runtime, served) as mark:
                yield mark
        finally:
            served.kill()
            runtime.database.dispose()
