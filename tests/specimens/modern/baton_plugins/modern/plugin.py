"""Made for a later platform"""

import pluggy

from platform_core.api import PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("modern", "Modern", "Made for a later platform", "baton_plugins.modern")
