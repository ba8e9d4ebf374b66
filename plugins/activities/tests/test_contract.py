from __future__ import annotations

from dataclasses import replace

import pytest
from baton_plugins.activities.feeds import services

from platform_core.app import Runtime
from platform_core.testing.browser import Browser
from platform_core.testing.checks import pages
from platform_core.testing.contract import PluginContract


class TestContract(PluginContract):
    plugin = "activities"

    @pytest.fixture
    def house(self, runtime: Runtime, browser: Browser) -> pages.House:
        """With a feed, which answers to the secret in its address alone."""
        house = pages.House.build(runtime, browser, self.plugin, self.parameters)
        with runtime.database.system_session("a feed to read") as session:
            token = services.make(session, replace(house.actor(session), via="page"))
        return replace(house, given={**house.given, "token": token})
