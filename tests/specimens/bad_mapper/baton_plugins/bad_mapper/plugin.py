"""A class that cannot be mapped"""

import pluggy
from baton_plugins.bad_mapper.models import Thing

from platform_core.api import Entity, PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("bad_mapper", "Bad mapper", "A class that cannot be mapped", "baton_plugins.bad_mapper")


@hookimpl
def baton_entities():
    return [Entity(Thing, None, reason="nobody")]
