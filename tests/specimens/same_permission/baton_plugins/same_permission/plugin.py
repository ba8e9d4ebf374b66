"""A right declared twice"""

import pluggy

from platform_core.api import Permission, PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("same_permission", "Same permission", "A right declared twice", "baton_plugins.same_permission")


@hookimpl  # the fault
def baton_permissions():
    return [Permission("same_permission.view", "One"), Permission("same_permission.view", "Two")]
