"""A hook that breaks the transaction"""

import pluggy
from sqlalchemy import literal_column, select, table

from platform_core.api import PluginInfo

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo(
        "poisoning_hook", "Poisoning hook", "A hook that breaks the transaction", "baton_plugins.poisoning_hook"
    )


@hookimpl
def baton_customer_facts(session, actor, customer):
    session.execute(select(literal_column("nothing")).select_from(table("poisoning_hook_nowhere"))).all()  # the fault
    return []
