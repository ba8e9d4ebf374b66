"""What the relay shows on other pages: bars, checklist, holder, actions and history of a customer; waiting batons."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.contracts.pages import Action, Fact, Panel, TimelineEntry, TimelineQuery, Tone, WorkItem, WorkSection
from platform_core.kernel.i18n import translator
from platform_core.kernel.ids import new_id
from platform_core.relay import inbox, queries
from platform_core.relay.models import RelayEvent
from platform_core.relay.queries import EngagementView

_ = translator("relay")
KIND = "handover"
"""Kind of the timeline's lines; the style sheet draws it violet."""
WAITING = "relay.waiting"
"""The workbench's section of batons to take over."""
NOBODY = "Baton"
"""Whose steps those are that the house takes by itself"""
_MOST_WAITING = 20
_MOST_SENT = 5
VERBS = {
    "opened": _.lazy("opened an engagement"),
    "handed_over": _.lazy("handed over"),
    "accepted": _.lazy("took over"),
    "returned": _.lazy("returned the baton"),
    "reassigned": _.lazy("reassigned the leg"),
    "closed": _.lazy("finished the engagement"),
    "cancelled": _.lazy("stopped the engagement"),
    "joined": _.lazy("asked a colleague to help"),
    "left": _.lazy("removed a colleague"),
    "escalated": _.lazy("told the heads: not taken over in time"),
}
_LOOKS: dict[str, tuple[str, Tone]] = {
    "opened": ("route", "violet"),
    "accepted": ("user-check", "violet"),
    "returned": ("arrow-back-up", "red"),
    "closed": ("circle-check", "jade"),
    "cancelled": ("circle-x", "red"),
    "joined": ("user-plus", "violet"),
    "left": ("user-x", "violet"),
    "escalated": ("alarm", "red"),
}


def customer_panels(session: Session, actor: Actor, customer: Any) -> list[Panel]:
    """The bars of the open engagements with the closed ones below them, and the checklists being worked on."""
    if not actor.can("relay.view"):
        return []
    views = queries.engagements_of(session, customer.id)
    if not views:
        return []
    shown = [view for view in views if view.open]
    over = [view for view in views if not view.open]
    context = {"views": shown or over[:1], "closed": over if shown else over[1:]}
    panels = [Panel("relay.bars", "banner", _("Relay"), "relay/_bars.html", context, icon="transfer", order=10)]
    panels.extend(_checklist(view) for view in shown if has_checklist(view))
    return panels


def has_checklist(view: EngagementView) -> bool:
    active = view.in_state("active")
    return view.open and active is not None and bool(active.leg.checklist)


def _checklist(view: EngagementView) -> Panel:
    active = view.in_state("active")
    assert active is not None
    title = _("Checklist of %(department)s", department=active.department)
    return Panel(f"relay.checklist.{active.leg.id}", "side", title, "relay/_checklist.html", {"view": view}, order=30)


def prepare(session: Session, actor: Actor) -> list[str]:
    if actor.can("relay.view"):
        queries.engagements_of(session, new_id())
    return []


def customer_facts(session: Session, actor: Actor, customer: Any) -> list[Fact]:
    if not actor.can("relay.view"):
        return []
    current = next((view.current for view in queries.engagements_of(session, customer.id) if view.open), None)
    if current is None:
        return []
    if current.leg.state == "offered":
        who, detail = current.receiver or current.department, _("waiting to be taken over")
    else:
        who = current.assignee
        detail = _("%(department)s · day %(days)s", department=current.department, days=current.leg.days)
    return [Fact(_("Current holder"), who, detail, "red" if current.leg.late else "", order=15)]


def customer_actions(session: Session, actor: Actor, customer: Any) -> list[Action]:
    """Hand over each engagement that the actor holds, and open another."""
    found: list[Action] = []
    url = f"/customers/{customer.id}/audience"
    audience = Action("relay.audience", _("Who sees this customer?"), "eye", url, "relay.audience", order=85)
    if customer.restricted_at is not None:
        return [audience]
    views = (
        [view for view in queries.engagements_of(session, customer.id) if view.may_hand_over] if _views(actor) else []
    )
    for number, view in enumerate(views):
        last = view.following is None
        label = _("Finish") if last else _("Hand over")
        found.append(
            Action(
                f"relay.hand_over.{view.engagement.id}",
                label if len(views) == 1 else _("%(verb)s: %(title)s", verb=label, title=view.engagement.title),
                "flag" if last else "transfer",
                f"/engagements/{view.engagement.id}/hand-over",
                "relay.handover",
                "dialog",
                hotkey="t" if number == 0 else "",
                order=20 + number,
            )
        )
    found.append(
        Action(
            "relay.open", _("Open an engagement"), "route", f"/engagements/new?customer_id={customer.id}", "relay.open",
            "dialog", order=75,
        )
    )  # fmt: skip
    found.append(audience)
    return found


def _views(actor: Actor) -> bool:
    return actor.can("relay.view") and actor.can("relay.handover")


def customer_timeline(session: Session, actor: Actor, query: TimelineQuery) -> list[TimelineEntry]:
    if not actor.can("relay.view") or (query.kinds is not None and KIND not in query.kinds):
        return []
    return [entry(event, title) for event, title in queries.events_of(session, query)]


def look(kind: str) -> tuple[str, Tone]:
    """Icon and tone of a step."""
    return _LOOKS.get(kind, ("transfer", "violet"))


def target(kind: str, department: str, person: str) -> str:
    """To whom a step led."""
    named = " · ".join(filter(None, (department, person)))
    return f"→ {named}" if named and kind != "accepted" else named


def entry(event: RelayEvent, title: str = "") -> TimelineEntry:
    """`title` of the engagement is left out where the page is about it alone."""
    icon, tone = look(event.kind)
    arrow = target(event.kind, event.to_department, event.to_person)
    chips: list[tuple[str, Tone]] = [(title, "")] if title and event.kind != "opened" else []
    if arrow:
        chips.append((arrow, "violet"))
    return TimelineEntry(
        id=event.id,
        kind=KIND,
        at=event.at,
        who=event.actor_label or NOBODY,
        department=event.department_label,
        verb=str(VERBS.get(event.kind, event.kind)),
        text=event.text,
        icon=icon,
        tone=tone,
        chips=tuple(chips),
    )


def workbench(session: Session, actor: Actor) -> list[WorkSection]:
    """Batons that wait for the actor, and those that the actor has handed over."""
    if not actor.can("relay.view"):
        return []
    return [*_waiting(session, actor), *_sent(session, actor)]


def _sent(session: Session, actor: Actor) -> list[WorkSection]:
    """Until it is finished; nothing for whoever hands nothing over."""
    if not actor.can("relay.handover"):
        return []
    lines = inbox.handed_over(session, actor, limit=_MOST_SENT + 1, unfinished=True)
    items = tuple(
        WorkItem(
            line.leg.id, "relay.sent", line.title, line.customer_id, line.customer, line.limit,
            icon="transfer", template="relay/_sent.html", context={"line": line},
        )
        for line in lines[:_MOST_SENT]
    )  # fmt: skip
    more = "/relay/sent" if len(lines) > _MOST_SENT else ""
    return [WorkSection("relay.sent", _("Handed over by me"), "violet", items, order=12, place="side",
                        more_url=more)] if items else []  # fmt: skip


def _waiting(session: Session, actor: Actor) -> list[WorkSection]:
    if not actor.can("relay.accept"):
        return []
    lines = inbox.read(session, actor, headed=False, limit=_MOST_WAITING + 1)
    items = tuple(
        WorkItem(
            line.leg.id, "relay.offer", line.title, line.customer_id, line.customer, line.leg.accept_due_at,
            icon="transfer", template="relay/_waiting.html", context={"line": line},
        )
        for line in lines[:_MOST_WAITING]
    )  # fmt: skip
    more = "/relay/inbox" if len(lines) > _MOST_WAITING else ""
    return [WorkSection(WAITING, _("Waiting for me to take over"), "violet", items, order=10, place="side",
                        more_url=more, empty=_("No baton is waiting for you."))]  # fmt: skip
