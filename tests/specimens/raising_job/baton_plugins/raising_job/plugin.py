"""A job that raises"""

import pluggy

from platform_core.api import Job, PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("raising_job", "Raising job", "A job that raises", "baton_plugins.raising_job")


def work(context):
    raise LookupError(context.arguments)  # the fault


@hookimpl
def baton_jobs():
    return [Job("raising_job.work", work, max_attempts=1)]
