"""Ends the process while it is imported"""

import pluggy

from platform_core.api import PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("exits", "Exits", "Ends the process while it is imported", "baton_plugins.exits")


raise SystemExit(3)  # the fault
