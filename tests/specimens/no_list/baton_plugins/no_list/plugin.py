"""A declaration that is no list"""

import pluggy

from platform_core.api import PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("no_list", "No list", "A declaration that is no list", "baton_plugins.no_list")


@hookimpl  # the fault
def baton_permissions():
    return None
