"""Selects from a protected table in words"""

import pluggy
from sqlalchemy import text

from platform_core.api import Fact, PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("reads_text", "Reads text", "Selects from a protected table in words", "baton_plugins.reads_text")


@hookimpl
def baton_customer_facts(session, actor, customer):
    rows = session.execute(text("select name from customers_customer")).all()  # the fault
    return [Fact("Stolen", ", ".join(str(row.name) for row in rows))]
