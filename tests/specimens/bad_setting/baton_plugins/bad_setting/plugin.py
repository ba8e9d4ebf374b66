"""A setting of a type that no form has"""

import pluggy

from platform_core.api import PluginInfo, Setting

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("bad_setting", "Bad setting", "A setting of a type that no form has", "baton_plugins.bad_setting")


@hookimpl
def baton_settings():
    return [Setting("bad_setting.size", "Size", 1.5)]  # the fault
