"""What short messages show on the customer page."""

from __future__ import annotations

import pluggy
from baton_plugins.sms import queries
from baton_plugins.sms.queries import Line

from platform_core.api import Action, Actor, Contact, Customer, Panel, Session, TimelineEntry, Tone, translator
from platform_core.api.messages import MESSAGE_STATES, message_reason, message_text

_ = translator("sms")
hookimpl = pluggy.HookimplMarker("baton")
KIND = "sms"
VIEW = "sms.view"


@hookimpl
def baton_customer_actions(customer: Customer) -> list[Action]:
    url = f"/sms/new?customer={customer.id}"
    return [Action("sms.send", _("Send a text message"), "message", url, "sms.send", order=40)]


@hookimpl
def baton_customer_panels(actor: Actor, customer: Customer) -> list[Panel]:
    """A tab that is fetched when it is opened: the page of a customer has no statement left."""
    if not actor.can(VIEW):
        return []
    url = f"/sms/of/{customer.id}"
    return [Panel("sms.messages", "tab", _("Text messages"), "sms/_of_person.html", icon="message", lazy_url=url)]


@hookimpl
def baton_contact_actions(contact: Contact) -> list[Action]:
    found = [Action("sms.of_contact", _("Text messages"), "message", f"/sms/contacts/{contact.id}", VIEW, order=50)]
    if contact.restricted_at is None:
        url = f"/sms/new?contact={contact.id}"
        found.append(Action("sms.send_to_contact", _("Send a text message"), "message", url, "sms.send", order=6))
    return found


def entries(session: Session, actor: Actor, who: Customer | Contact, cursor: str) -> tuple[list[TimelineEntry], str]:
    """A page of messages and answers of a person, newest first, and the cursor of the one before."""
    found, older = queries.lines(session, who, cursor)
    return [_heard(line) if line.is_answer else _sent(session, actor, line) for line in found], older


def _sent(session: Session, actor: Actor, line: Line) -> TimelineEntry:
    words, tone = MESSAGE_STATES[line.state]
    chips: list[tuple[str, Tone]] = [(str(words), tone)]
    if line.reason and line.state not in {"sent", "delivered"}:
        chips.append((message_reason(line.reason), ""))
    actions = []
    if line.state in {"queued", "paused"} and actor.can("sms.send"):
        actions = [Action("sms.cancel", _("Take back"), "x", f"/sms/{line.id}/cancel", "sms.send", "post")]
    return TimelineEntry(
        id=line.id, kind=KIND, at=line.at, who=line.who or _("Baton"), department="",
        verb=_("Text message to %(mask)s", mask=line.mask), text=message_text(session, line.content or b""),
        icon="message", tone=tone, chips=tuple(chips), actions=tuple(actions),
    )  # fmt: skip


def _heard(line: Line) -> TimelineEntry:
    chips: tuple[tuple[str, Tone], ...] = ((_("Wants no more messages"), "amber"),) if line.opted_out else ()
    return TimelineEntry(
        id=line.id, kind=KIND, at=line.at, who=line.who, department="", verb=_("Answer by text message"),
        text=line.text, icon="message", tone="amber" if line.opted_out else "", chips=chips,
    )  # fmt: skip
