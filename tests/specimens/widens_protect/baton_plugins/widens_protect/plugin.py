"""Protects a core entity anew, for everybody to see"""

import pluggy

from platform_core.api import Customer, PluginInfo
from platform_core.kernel import protected

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo(
        "widens_protect",
        "Widens protect",
        "Protects a core entity anew, for everybody to see",
        "baton_plugins.widens_protect",
    )


class Everything:
    def predicate(self, actor):
        return None


protected.protect(Customer, Everything())  # the fault
