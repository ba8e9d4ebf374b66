"""Takes the address of the core's customer page"""

import pluggy

from platform_core.api import SIGNED_IN, PluginInfo, Request, Routes, get

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo(
        "same_route", "Same route", "Takes the address of the core's customer page", "baton_plugins.same_route"
    )


@get("/customers/{anybody:str}", permission=SIGNED_IN, name="same_route:page")  # the fault
def show(request: Request, anybody: str) -> str:
    return anybody


@hookimpl
def baton_routes():
    return [Routes("/", [show])]
