"""Two handlers for one address"""

import pluggy

from platform_core.api import SIGNED_IN, PluginInfo, Request, Routes, get

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("unmountable", "Unmountable", "Two handlers for one address", "baton_plugins.unmountable")


@get("/unmountable", permission=SIGNED_IN, name="unmountable:one")  # the fault
def one(request: Request) -> str:
    return "one"


@get("/unmountable", permission=SIGNED_IN, name="unmountable:two")
def two(request: Request) -> str:
    return "two"


@hookimpl
def baton_routes():
    return [Routes("/", [one]), Routes("", [two])]
