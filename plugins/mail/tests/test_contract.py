from __future__ import annotations

from platform_core.testing.contract import PluginContract


class TestContract(PluginContract):
    plugin = "mail"
