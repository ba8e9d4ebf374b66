"""A hook that raises"""

import pluggy

from platform_core.api import PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("raising_hook", "Raising hook", "A hook that raises", "baton_plugins.raising_hook")


@hookimpl
def baton_customer_facts(session, actor, customer):
    raise LookupError(customer.name)  # the fault
