"""Asks for a right that nobody declares"""

import pluggy

from platform_core.api import Permission, PluginInfo, Request, Routes, get

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo(
        "unknown_right", "Unknown right", "Asks for a right that nobody declares", "baton_plugins.unknown_right"
    )


@get("/unknown-right", permission="unknown_right.viwe", name="unknown_right:page")  # the fault
def show(request: Request) -> str:
    return "shown"


@hookimpl
def baton_permissions():
    return [Permission("unknown_right.view", "View")]


@hookimpl
def baton_routes():
    return [Routes("/", [show])]
