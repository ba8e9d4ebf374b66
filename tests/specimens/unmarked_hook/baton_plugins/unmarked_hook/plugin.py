"""A hook without its mark"""

import pluggy

from platform_core.api import PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("unmarked_hook", "Unmarked hook", "A hook without its mark", "baton_plugins.unmarked_hook")


def baton_customer_facts(session, actor, customer):  # the fault
    return []
