"""What telephony shows on every page, on customers and on the workbench."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pluggy
from baton_plugins.telephony import cards, queries, taking
from baton_plugins.telephony.policies import DIAL, VIEW

from platform_core.api import (
    Action,
    Actor,
    Contact,
    Customer,
    Panel,
    Session,
    Slot,
    WorkItem,
    WorkSection,
    time_ago,
    translator,
)

_ = translator("telephony")
hookimpl = pluggy.HookimplMarker("baton")
_MOST = 10


def _telephone(session: Session, actor: Actor) -> Mapping[str, Any] | None:
    """No statement: the place asks for its cards once the page is there."""
    return {} if actor.can(VIEW) and actor.seen_by is None else None


@hookimpl
def baton_prepare(session: Session, actor: Actor) -> list[str]:
    """Telephones ring on, whatever restarts."""
    if not actor.can(VIEW):
        return []
    cards.prepare(session, actor)
    taking.prepare(session)
    return ["telephony/_cards.html", "macros.html"]


@hookimpl
def baton_slots() -> list[Slot]:
    return [Slot("overlay", "telephony/_place.html", _telephone)]


@hookimpl
def baton_customer_panels(actor: Actor, customer: Customer) -> list[Panel]:
    if not actor.can(VIEW):
        return []
    url = f"/calls/of/{customer.id}"
    return [Panel("telephony.calls", "tab", _("Calls"), "telephony/_of_customer.html", icon="phone", lazy_url=url)]


@hookimpl
def baton_contact_actions(contact: Contact) -> list[Action]:
    found = [Action("telephony.of_contact", _("Calls"), "phone", f"/calls/contacts/{contact.id}", VIEW, order=45)]
    if contact.restricted_at is None:
        url = f"/calls/dial/contacts/{contact.id}"
        found.append(Action("telephony.dial_contact", _("Call"), "phone-call", url, DIAL, "dialog", order=5))
    return found


@hookimpl
def baton_customer_actions(customer: Customer) -> list[Action]:
    """Which numbers there are is asked for when it is opened."""
    url = f"/calls/dial/{customer.id}"
    return [Action("telephony.dial", _("Call"), "phone-call", url, DIAL, "dialog", order=45)]


@hookimpl
def baton_workbench(session: Session, actor: Actor) -> list[WorkSection]:
    """Missed calls at one's own telephone that nobody has seen to."""
    if not actor.can(VIEW):
        return []
    rows, following = queries.page_of(session, [*queries.waiting(), queries.mine(actor)], limit=_MOST)
    items = tuple(
        WorkItem(
            row.call.id, "missed_call", row.customer or row.call.number_mask or _("Number withheld"), row.call.id,
            row.customer, row.call.started_at, time_ago(row.call.started_at), "phone-incoming",
            template="telephony/_work_item.html", context={"call": row.call, "customer": row.customer},
        )
        for row in rows
    )  # fmt: skip
    url = "/calls?view=missed" if following else ""
    return [WorkSection("telephony.missed", _("Missed calls"), "red", items, 15, "side", url)] if items else []
