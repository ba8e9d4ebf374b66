"""Calls its route by another's name"""

import pluggy

from platform_core.api import SIGNED_IN, PluginInfo, Request, Routes, get

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo(
        "foreign_route", "Foreign route", "Calls its route by another's name", "baton_plugins.foreign_route"
    )


@get("/foreign-route", permission=SIGNED_IN, name="customers:list")  # the fault
def show(request: Request) -> str:
    return "shown"


@hookimpl
def baton_routes():
    return [Routes("/", [show])]
