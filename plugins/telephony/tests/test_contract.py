from __future__ import annotations

from typing import ClassVar

from baton_plugins.telephony.demo import STRANGER

from platform_core.testing.contract import PluginContract


class TestContract(PluginContract):
    plugin = "telephony"
    parameters: ClassVar = {"call_id": STRANGER}
    public_routes = frozenset({"telephony:pair"})
