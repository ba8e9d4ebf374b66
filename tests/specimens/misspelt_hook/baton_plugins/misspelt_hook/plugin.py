"""A hook that does not exist"""

import pluggy

from platform_core.api import PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("misspelt_hook", "Misspelt hook", "A hook that does not exist", "baton_plugins.misspelt_hook")


@hookimpl  # the fault
def baton_custmer_panels(session, actor, customer):
    return []
