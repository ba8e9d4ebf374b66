"""Tests of the whole core; the fixtures come from the plugin `platform_core.testing.pytest_plugin`."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

BROWSER_TESTS = "tests/e2e/"


class OneBrowser(LoadScopeScheduling):
    """As `--dist loadscope`, but all browser tests go to one worker: they share a server and a Chromium."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(BROWSER_TESTS):
            return BROWSER_TESTS
        found: str = super()._split_scope(nodeid)
        return found


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    return OneBrowser(config, log) if config.getoption("dist") == "loadscope" else None
