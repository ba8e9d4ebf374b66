"""Is no Python"""

import pluggy
from baton_plugins.syntax_error import panels

from platform_core.api import PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("syntax_error", "Syntax error", "Is no Python", "baton_plugins.syntax_error")


x = 1
