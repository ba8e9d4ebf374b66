"""Mounts an application of its own"""

import litestar
import pluggy

from platform_core.api import PluginInfo, Routes

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("raw_asgi", "Raw asgi", "Mounts an application of its own", "baton_plugins.raw_asgi")


@litestar.asgi("/raw-asgi", is_mount=True)  # the fault
async def everything(scope, receive, send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"everything"})


@hookimpl
def baton_routes():
    return [Routes("/", [everything])]
