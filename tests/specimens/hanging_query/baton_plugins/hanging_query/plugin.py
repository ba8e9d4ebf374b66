"""A hook whose statement never comes back"""

import pluggy
from sqlalchemy import text

from platform_core.api import PluginInfo, proven

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo(
        "hanging_query", "Hanging query", "A hook whose statement never comes back", "baton_plugins.hanging_query"
    )


_FOREVER = {
    "postgresql": "select pg_sleep(60)",
    "sqlite": "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n",
}


@hookimpl
def baton_customer_facts(session, actor, customer):
    connection = session.connection()
    forever = text(_FOREVER[connection.dialect.name])
    connection.execute(forever, execution_options=proven("a specimen that hangs"))  # the fault
    return []
