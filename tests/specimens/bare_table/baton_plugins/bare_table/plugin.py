"""A table without a policy"""

import pluggy

from platform_core.api import PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("bare_table", "Bare table", "A table without a policy", "baton_plugins.bare_table")
