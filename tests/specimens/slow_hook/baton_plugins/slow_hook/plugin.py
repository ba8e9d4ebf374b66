"""A hook that takes longer than its budget"""

import time

import pluggy

from platform_core.api import Fact, PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("slow_hook", "Slow hook", "A hook that takes longer than its budget", "baton_plugins.slow_hook")


@hookimpl
def baton_customer_facts(session, actor, customer):
    time.sleep(0.1)
    return [Fact("Slow", "but well")]
