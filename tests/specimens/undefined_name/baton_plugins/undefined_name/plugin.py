"""Templates that name what is not there"""

import pluggy

from platform_core.api import SIGNED_IN, Panel, PluginInfo, Request, Response, Routes, get, page

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo(
        "undefined_name", "Undefined name", "Templates that name what is not there", "baton_plugins.undefined_name"
    )


@get("/undefined-name", permission=SIGNED_IN, name="undefined_name:page")
def show(request: Request) -> Response:
    return page(request, "undefined_name/page.html")


@hookimpl
def baton_routes():
    return [Routes("/", [show])]


@hookimpl
def baton_customer_panels(session, actor, customer):
    return [Panel("undefined_name.side", "side", "Undefined", "undefined_name/_panel.html")]
