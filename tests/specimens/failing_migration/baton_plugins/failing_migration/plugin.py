"""A migration that fails half-way"""

import pluggy
from baton_plugins.failing_migration.models import Thing

from platform_core.api import SIGNED_IN, Entity, PluginInfo, Request, Routes, get

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo(
        "failing_migration", "Failing migration", "A migration that fails half-way", "baton_plugins.failing_migration"
    )


@hookimpl
def baton_entities():
    return [Entity(Thing, None, reason="nobody")]


@get("/failing-migration", permission=SIGNED_IN, name="failing_migration:page")
def show(request: Request) -> str:
    return "shown"


@hookimpl
def baton_routes():
    return [Routes("/", [show])]
