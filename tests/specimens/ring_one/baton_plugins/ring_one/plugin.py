"""Needs ring_two, which needs it"""

import pluggy

from platform_core.api import PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("ring_one", "Ring one", "Needs ring_two, which needs it", "baton_plugins.ring_one")
