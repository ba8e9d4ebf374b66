"""A declaration of another type"""

import pluggy

from platform_core.api import PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("wrong_return", "Wrong return", "A declaration of another type", "baton_plugins.wrong_return")


@hookimpl  # the fault
def baton_permissions():
    return ["wrong_return.view"]
