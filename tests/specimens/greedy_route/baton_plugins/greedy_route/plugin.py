"""Takes every address below another's"""

import pluggy

from platform_core.api import SIGNED_IN, PluginInfo, Request, Routes, get

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo(
        "greedy_route", "Greedy route", "Takes every address below another's", "baton_plugins.greedy_route"
    )


@get("/customers/{rest:path}", permission=SIGNED_IN, name="greedy_route:page")  # the fault
def show(request: Request, rest: str) -> str:
    return rest


@hookimpl
def baton_routes():
    return [Routes("/", [show])]
