"""A hook that never comes back, in Python"""

import time

import pluggy

from platform_core.api import PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo(
        "hanging_hook", "Hanging hook", "A hook that never comes back, in Python", "baton_plugins.hanging_hook"
    )


@hookimpl
def baton_customer_facts(session, actor, customer):
    while True:
        time.sleep(0.01)  # the fault
