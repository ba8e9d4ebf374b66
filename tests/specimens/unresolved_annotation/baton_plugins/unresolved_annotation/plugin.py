"""A handler with an annotation that means nothing"""

import pluggy

from platform_core.api import SIGNED_IN, PluginInfo, Routes, get

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo(
        "unresolved_annotation",
        "Unresolved annotation",
        "A handler with an annotation that means nothing",
        "baton_plugins.unresolved_annotation",
    )


@get("/unresolved", permission=SIGNED_IN, name="unresolved_annotation:page")  # the fault
def show(number: "Nothing") -> str:
    return str(number)


@hookimpl
def baton_routes():
    return [Routes("/", [show])]
