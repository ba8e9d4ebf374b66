"""A job declared twice"""

import pluggy

from platform_core.api import Job, PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("same_job", "Same job", "A job declared twice", "baton_plugins.same_job")


def work(context):
    """Nothing."""


@hookimpl  # the fault
def baton_jobs():
    return [Job("same_job.work", work), Job("same_job.work", work)]
