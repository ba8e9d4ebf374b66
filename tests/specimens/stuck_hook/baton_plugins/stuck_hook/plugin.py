"""A hook that blocks outside Python"""

import time

import pluggy

from platform_core.api import PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("stuck_hook", "Stuck hook", "A hook that blocks outside Python", "baton_plugins.stuck_hook")


@hookimpl
def baton_customer_facts(session, actor, customer):
    time.sleep(2.5)
    return []
