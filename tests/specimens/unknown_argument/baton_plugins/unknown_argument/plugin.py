"""A hook with an argument nobody passes"""

import pluggy

from platform_core.api import PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo(
        "unknown_argument",
        "Unknown argument",
        "A hook with an argument nobody passes",
        "baton_plugins.unknown_argument",
    )


@hookimpl  # the fault
def baton_customer_facts(session, weather):
    return []
