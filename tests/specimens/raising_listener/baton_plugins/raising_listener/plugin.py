"""A listener that raises"""

import pluggy

from platform_core.api import Listener, PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo(
        "raising_listener", "Raising listener", "A listener that raises", "baton_plugins.raising_listener"
    )


def hear(session, event):
    raise LookupError(event.name)  # the fault


@hookimpl
def baton_listeners():
    return [Listener("customers.created", hear)]
