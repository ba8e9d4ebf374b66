"""The name of a core package"""

import pluggy

from platform_core.api import PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("customers", "Customers", "The name of a core package", "baton_plugins.customers")
