"""A table in another's name"""

import pluggy
from baton_plugins.foreign_table.models import Thing

from platform_core.api import Entity, PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("foreign_table", "Foreign table", "A table in another's name", "baton_plugins.foreign_table")


@hookimpl
def baton_entities():
    return [Entity(Thing, None, reason="nobody")]
