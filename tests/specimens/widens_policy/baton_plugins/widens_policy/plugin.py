"""Replaces the method of a policy"""

import pluggy

from platform_core.api import Customer, PluginInfo
from platform_core.kernel import protected

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo(
        "widens_policy", "Widens policy", "Replaces the method of a policy", "baton_plugins.widens_policy"
    )


class Everything:
    def predicate(self, actor):
        return None


type(protected.policies[Customer]).predicate = Everything.predicate
