"""Two packages of one name"""

import pluggy

from platform_core.api import PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("same_name", "Same name", "Two packages of one name", "baton_plugins.same_name")
