"""A migration that is no Python"""

import pluggy
from baton_plugins.unreadable_migration.models import Thing

from platform_core.api import Entity, PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo(
        "unreadable_migration",
        "Unreadable migration",
        "A migration that is no Python",
        "baton_plugins.unreadable_migration",
    )


@hookimpl
def baton_entities():
    return [Entity(Thing, None, reason="nobody")]
