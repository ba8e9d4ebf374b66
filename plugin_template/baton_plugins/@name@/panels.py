"""What this plugin shows on the customer's page."""

from __future__ import annotations

import pluggy
from platform_core.api import Action, Actor, Customer, Panel, Session, customer_may, translator

from baton_plugins.@name@ import queries

_ = translator("@name@")
hookimpl = pluggy.HookimplMarker("baton")
_SHOWN = 5


@hookimpl
def baton_customer_panels(session: Session, actor: Actor, customer: Customer) -> list[Panel]:
    if not actor.can("@name@.view"):
        return []
    entries = queries.of_customer(session, customer.id, _SHOWN)
    count = queries.count_of(session, customer.id) if len(entries) == _SHOWN else len(entries)
    may_write = customer_may(session, actor, "@name@.write", customer)
    context = {"entries": entries, "may_write": may_write, "customer_id": customer.id}
    title = _("@title@")
    return [Panel("@name@.entries", "side", title, "@name@/_panel.html", context, icon="star", count=count)]


@hookimpl
def baton_customer_actions(customer: Customer) -> list[Action]:
    url = f"/@name@/new/{customer.id}"
    return [Action("@name@.new", _("New entry"), "star", url, "@name@.write", "dialog", order=65)]
