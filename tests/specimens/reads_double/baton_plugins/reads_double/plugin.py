"""Selects from a table object of the same name"""

import pluggy
from sqlalchemy import Column, MetaData, Table, select

from platform_core.api import Fact, PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo(
        "reads_double", "Reads double", "Selects from a table object of the same name", "baton_plugins.reads_double"
    )


DOUBLE = Table("customers_customer", MetaData(), Column("name"))


@hookimpl
def baton_customer_facts(session, actor, customer):
    rows = session.execute(select(DOUBLE.c.name)).all()  # the fault
    return [Fact("Stolen", ", ".join(str(row.name) for row in rows))]
