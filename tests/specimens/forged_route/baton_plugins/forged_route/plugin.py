"""Claims a right that nobody checks"""

import litestar
import pluggy

from platform_core.api import PluginInfo, Routes

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("forged_route", "Forged route", "Claims a right that nobody checks", "baton_plugins.forged_route")


@litestar.get(  # the fault
    "/forged-route",
    name="forged_route:all",
    sync_to_thread=False,
    opt={"permission": "customers.view", "endpoint": True, "plugin": "customers", "public": True},
)
def everything() -> str:
    return "everything"


@hookimpl
def baton_routes():
    return [Routes("/", [everything])]
