"""Needs a plugin that is not there"""

import pluggy

from platform_core.api import PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("needy", "Needy", "Needs a plugin that is not there", "baton_plugins.needy")
