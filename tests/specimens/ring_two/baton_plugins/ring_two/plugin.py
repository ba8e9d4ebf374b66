"""Needs ring_one, which needs it"""

import pluggy

from platform_core.api import PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("ring_two", "Ring two", "Needs ring_one, which needs it", "baton_plugins.ring_two")
