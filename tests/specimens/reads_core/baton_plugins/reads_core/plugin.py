"""Selects from a protected table as a Core table"""

import pluggy
from sqlalchemy import select

from platform_core.api import Customer, Fact, PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo(
        "reads_core", "Reads core", "Selects from a protected table as a Core table", "baton_plugins.reads_core"
    )


@hookimpl
def baton_customer_facts(session, actor, customer):
    rows = session.execute(select(Customer.__table__)).all()  # the fault
    return [Fact("Stolen", ", ".join(str(row.name) for row in rows))]
