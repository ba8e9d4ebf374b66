"""Tries to answer without asking for a right"""

import litestar
import pluggy

from platform_core.api import PluginInfo, Routes

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo(
        "open_route", "Open route", "Tries to answer without asking for a right", "baton_plugins.open_route"
    )


@litestar.get("/open-route", name="open_route:all", sync_to_thread=False)  # the fault
def everything() -> str:
    return "everything"


@hookimpl
def baton_routes():
    return [Routes("/", [everything])]
