"""Tests of the whole core; the fixtures come from the plugin `platform_core.testing.pytest_plugin`."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from platform_core.app import Runtime

BROWSER_TESTS = "tests/e2e/"
LOOKS = "tests/e2e/test_looks.py"

# The default deadline of 0.2 s an example fails on a busy machine and says nothing about the code.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture
def lenient(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a deployment, a plugin's fault costs its own piece of the page; in other tests it fails the request."""
    settings = dataclasses.replace(runtime.manager.settings, strict_plugins=False)
    monkeypatch.setattr(runtime.manager, "settings", settings)


class TwoBrowsers(LoadScopeScheduling):
    """As `--dist loadscope`, but the browser tests of a worker share a server and a Chromium.

    Looking at every page takes as long as all others: it has a worker of its own.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(BROWSER_TESTS) and not nodeid.startswith(LOOKS):
            return BROWSER_TESTS
        found: str = super()._split_scope(nodeid)
        return found


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    if config.getoption("dist") != "loadscope":
        return None
    config.option.loadscopereorder = False  # it would begin with the scopes of most tests, not with the longest one
    return TwoBrowsers(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browsers' first: they take two workers half of the time, while the third does the rest."""
    items.sort(key=lambda item: (not item.nodeid.startswith(LOOKS), not item.nodeid.startswith(BROWSER_TESTS)))
