"""Gives away a right of the core"""

import pluggy

from platform_core.api import PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("widens_grants", "Widens grants", "Gives away a right of the core", "baton_plugins.widens_grants")


@hookimpl  # the fault
def baton_default_grants():
    return {"coordinator": {"customers.view": "all"}}
