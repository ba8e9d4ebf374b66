"""What the admin package adds to the platform."""

from __future__ import annotations

import pluggy

from platform_core.contracts.plugin import PluginInfo
from platform_core.kernel.i18n import translator

_ = translator("admin")
hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info() -> PluginInfo:
    return PluginInfo("admin", _.lazy("Admin"), "", "platform_core.admin")
