"""Maps a class of its own onto a core table"""

import pluggy
from baton_plugins.widens_table import models

from platform_core.api import PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo(
        "widens_table", "Widens table", "Maps a class of its own onto a core table", "baton_plugins.widens_table"
    )
