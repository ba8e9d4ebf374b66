"""A hook that raises when its answer is read"""

import pluggy

from platform_core.api import Fact, PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("late_hook", "Late hook", "A hook that raises when its answer is read", "baton_plugins.late_hook")


@hookimpl
def baton_customer_facts(session, actor, customer):
    yield Fact("One", "1")
    raise LookupError(customer.name)  # the fault
