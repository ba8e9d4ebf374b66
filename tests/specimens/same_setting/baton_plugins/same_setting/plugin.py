"""A setting declared twice"""

import pluggy

from platform_core.api import PluginInfo, Setting

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("same_setting", "Same setting", "A setting declared twice", "baton_plugins.same_setting")


@hookimpl  # the fault
def baton_settings():
    return [Setting("same_setting.size", "Size", 1), Setting("same_setting.size", "Size", 2)]
