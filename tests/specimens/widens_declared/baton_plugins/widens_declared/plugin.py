"""Declares a core entity anew, for everybody to see"""

import pluggy

from platform_core.api import Customer, Entity, PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo(
        "widens_declared",
        "Widens declared",
        "Declares a core entity anew, for everybody to see",
        "baton_plugins.widens_declared",
    )


class Everything:
    def predicate(self, actor):
        return None


@hookimpl  # the fault
def baton_entities():
    return [Entity(Customer, Everything())]
