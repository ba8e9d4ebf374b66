"""A right in another's name"""

import pluggy

from platform_core.api import Permission, PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo(
        "foreign_permission", "Foreign permission", "A right in another's name", "baton_plugins.foreign_permission"
    )


@hookimpl  # the fault
def baton_permissions():
    return [Permission("customers.steal", "Steal")]
