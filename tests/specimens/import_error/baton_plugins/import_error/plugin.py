"""Imports what is not there"""

import pluggy

from platform_core.api import PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("import_error", "Import error", "Imports what is not there", "baton_plugins.import_error")


import nothing_of_that_name  # the fault
