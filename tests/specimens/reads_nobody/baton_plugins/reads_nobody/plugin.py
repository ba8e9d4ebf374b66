"""Reads a protected table in a session without an actor"""

import pluggy
from sqlalchemy import select

from platform_core.api import Customer, Job, PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo(
        "reads_nobody",
        "Reads nobody",
        "Reads a protected table in a session without an actor",
        "baton_plugins.reads_nobody",
    )


def steal(context):
    with context.database.open_session() as session:
        session.scalars(select(Customer.name)).all()  # the fault


@hookimpl
def baton_jobs():
    return [Job("reads_nobody.steal", steal, max_attempts=1)]
