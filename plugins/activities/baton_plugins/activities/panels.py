"""What activities show on the customer page and in an engagement."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from uuid import UUID

import pluggy
from baton_plugins.activities import composing, presets, queries, rights
from baton_plugins.activities.kinds import fields
from baton_plugins.activities.models import FollowUp, FollowUpRevision, Plan
from baton_plugins.activities.queries import PlanRow

from platform_core.api import (
    Action,
    Actor,
    Contact,
    Customer,
    Fact,
    Panel,
    Session,
    TimelineEntry,
    TimelineQuery,
    Tone,
    contact_get,
    day_text,
    dictionaries,
    due_text,
    due_tone,
    local,
    new_id,
    time_ago,
    translator,
    writable_engagements,
)

_ = translator("activities")
hookimpl = pluggy.HookimplMarker("baton")
KIND = "follow_up"
"""The timeline's kind of a follow-up."""


@hookimpl
def baton_prepare(session: Session, actor: Actor) -> list[str]:
    if actor.can("activities.view"):
        presets.kinds(session)
        queries.recent(session, new_id())
        queries.open_plans(session, new_id())
    return []


@hookimpl
def baton_customer_facts(session: Session, actor: Actor, customer: Customer) -> list[Fact]:
    if not actor.can("activities.view"):
        return []
    recent, plans = queries.recent(session, customer.id), queries.open_plans(session, customer.id)
    found = []
    if recent:
        last = recent[0]
        detail = f"{presets.kind(session, last.kind).label} · {last.author_label}"
        found.append(Fact(_("Last contact"), time_ago(last.at), detail, order=50))
    else:
        found.append(Fact(_("Last contact"), _("None yet"), order=50))
    if plans:
        due, subject = plans[0].due, plans[0].plan.subject
        found.append(Fact(_("Next plan"), due_text(due), subject, cast("Tone", due_tone(due)), order=60))
    else:
        found.append(Fact(_("Next plan"), _("None"), order=60))
    return found


@hookimpl
def baton_customer_panels(session: Session, actor: Actor, customer: Customer) -> list[Panel]:
    found = []
    if actor.can("activities.write") and customer.restricted_at is None:
        composer = composing.composer(session, actor, customer)
        found.append(
            Panel("activities.composer", "composer", _("Follow-up"), "activities/_composer.html", {"c": composer})
        )
    if actor.can("activities.view"):
        found.append(
            Panel(
                "activities.plans",
                "side",
                _("Everybody's plans"),
                "activities/_plans_panel.html",
                plans_context(session, actor, customer.id),
                icon="clock",
                order=10,
            )
        )
    return found


def plans_context(session: Session, actor: Actor, customer_id: UUID) -> dict[str, Any]:
    """For `_plans_panel.html`: the open plans, and what the actor may do with each."""
    rows = queries.open_plans(session, customer_id)
    return {
        "adding": f"/plans/new?customer={customer_id}",
        "plans": offers(session, actor, rows),
        "may_plan": actor.can("activities.write"),
    }


def plans_of(session: Session, actor: Actor, plan: Plan) -> dict[str, Any]:
    """The panel in which a plan stands."""
    if plan.customer_id is not None:
        return plans_context(session, actor, plan.customer_id)
    return plans_alone(session, actor, contact_get(session, plan.person_id))


def plans_alone(session: Session, actor: Actor, contact: Contact) -> dict[str, Any]:
    """For `_plans_panel.html`: open plans with a contact that stands alone."""
    return {
        "adding": f"/plans/contacts/{contact.id}",
        "plans": offers(session, actor, queries.of_contact(session, contact.id)),
        "may_plan": actor.can("activities.write") and contact.restricted_at is None,
    }


def offers(session: Session, actor: Actor, rows: list[PlanRow]) -> list[dict[str, Any]]:
    """Plans of one customer with icon and permitted verbs. Asks for the writable engagements once, not per plan."""
    writable = None
    if any(row.plan.engagement_id for row in rows):
        writable = {key for key, _title in writable_engagements(session, actor, rights.require_customer(rows[0].plan))}
    return [
        {
            "row": row,
            "kind": presets.kind(session, row.plan.kind),
            "may_finish": rights.may_work_on(session, actor, row.plan, writable),
            "may_join": _may_join(actor, row),
            "may_rearrange": rights.may_rearrange(session, actor, row.plan, writable),
        }
        for row in rows
    ]


def _may_join(actor: Actor, row: PlanRow) -> bool:
    others = row.plan.assignee_id != actor.user_id
    return others and row.plan.customer_id is not None and actor.can("activities.write")


@hookimpl
def baton_contact_actions(contact: Contact) -> list[Action]:
    url = f"/follow-ups/contacts/{contact.id}"
    found = [Action("activities.of_contact", _("Follow-ups"), "notes", url, "activities.view", order=10)]
    if contact.restricted_at is None:
        adding, label = f"/plans/contacts/{contact.id}", _("Add a plan")
        found.append(
            Action("activities.plan_of_contact", label, "calendar-plus", adding, "activities.write", "dialog", order=11)
        )
    return found


@hookimpl
def baton_customer_actions(customer: Customer) -> list[Action]:
    if customer.restricted_at is not None:
        return []
    return [
        Action(
            "activities.log",
            _("Log a follow-up"),
            "pencil",
            f"/follow-ups/new?customer={customer.id}",
            "activities.write",
            "dialog",
            order=10,
        ),
        Action(
            "activities.urge",
            _("Urge"),
            "alarm",
            f"/urged/new?customer={customer.id}",
            "activities.correct",
            "dialog",
            order=65,
        ),
        Action(
            "activities.cycles",
            _("Return visits"),
            "refresh",
            f"/visits/of/{customer.id}",
            "activities.view",
            "dialog",
            order=62,
        ),
        Action(
            "activities.plan",
            _("Add a plan"),
            "calendar-plus",
            f"/plans/new?customer={customer.id}",
            "activities.write",
            "dialog",
            order=60,
        ),
    ]


@hookimpl
def baton_customer_timeline(session: Session, actor: Actor, query: TimelineQuery) -> list[TimelineEntry]:
    if not actor.can("activities.view") or (query.kinds is not None and KIND not in query.kinds):
        return []
    return [entry(session, actor, follow_up) for follow_up in queries.timeline(session, query)]


def entry(session: Session, actor: Actor, follow_up: FollowUp) -> TimelineEntry:
    kind = presets.kind(session, follow_up.kind)
    parts = [kind.label, follow_up.contact_label]
    if follow_up.direction == "in":
        parts.insert(1, _("incoming"))
    return TimelineEntry(
        id=follow_up.id,
        kind=KIND,
        at=follow_up.at,
        who=follow_up.author_label,
        department=follow_up.department_label,
        verb=" · ".join(part for part in parts if part),
        text="\n".join((follow_up.body, *answers(session, follow_up.kind, follow_up))),
        icon=kind.icon,
        tone="primary",
        chips=tuple(_chips(session, follow_up)),
        actions=tuple(_entry_actions(actor, follow_up)),
        edited=follow_up.edited_at is not None,
    )


def answers(session: Session, kind: str, written: FollowUp | FollowUpRevision) -> list[str]:
    """Lines such as `Fee: 12,800`, and what was promised."""
    asked = fields.shown(session, presets.kind(session, kind).fields, written.details)
    promised = [(_("Promised"), written.promised)] if written.promised else []
    return [_("%(field)s: %(answer)s", field=label, answer=text) for label, text in (*asked, *promised)]


def _chips(session: Session, follow_up: FollowUp) -> list[tuple[str, Tone]]:
    chips: list[tuple[str, Tone]] = []
    if follow_up.new_status:
        old, new = (dictionaries.label(session, presets.STATUSES, code) for code in _statuses(follow_up))
        chips.append((f"{old} → {new}", _tone(session, follow_up.new_status)))
    elif outcome := presets.outcome(session, follow_up.outcome):
        chips.append((outcome.label, ""))
    if follow_up.satisfaction:
        entry_ = dictionaries.entries(session, presets.SATISFACTION).get(follow_up.satisfaction)
        chips.append((entry_.label if entry_ else follow_up.satisfaction, cast("Tone", entry_.tone if entry_ else "")))
    if follow_up.next_due_at:
        chips.append((_("Next plan %(due)s", due=planned_day(follow_up)), "primary"))
    if follow_up.reason:
        chips.append((_("No next plan: %(reason)s", reason=follow_up.reason), "amber"))
    if follow_up.unplanned:
        chips.append((_("Unplanned"), ""))
    return chips


def planned_day(follow_up: FollowUp) -> str:
    """As it was said then: an old line does not turn overdue."""
    return day_and_time(follow_up.next_due_at, all_day=follow_up.next_all_day)


def day_and_time(due: datetime | None, *, all_day: bool) -> str:
    return day_text(due) if due is None or all_day else f"{day_text(due)} {local(due):%H:%M}"


def _statuses(follow_up: FollowUp) -> tuple[str, str]:
    return follow_up.old_status, follow_up.new_status


def _tone(session: Session, status: str) -> Tone:
    tone = dictionaries.tone(session, presets.STATUSES, status)
    return cast("Tone", tone)


def _entry_actions(actor: Actor, follow_up: FollowUp) -> list[Action]:
    url = f"/follow-ups/{follow_up.id}"
    files = f"/customers/{follow_up.customer_id}/files"
    found = [
        Action(
            f"activities.file.{file['id']}", file["name"], "paperclip", f"{files}/{UUID(file['id'])}", "customers.view"
        )
        for file in follow_up.files
    ]
    if rights.may_correct(actor, follow_up):
        found.append(Action("activities.edit", _("Correct"), "pencil", f"{url}/edit", "activities.write", "dialog"))
    if follow_up.edited_at is not None:
        found.append(
            Action("activities.versions", _("Earlier text"), "history", f"{url}/versions", "activities.view", "dialog")
        )
    return found


@hookimpl
def baton_engagement_summary(session: Session, actor: Actor, engagement_id: UUID) -> list[Fact]:
    """For an engagement's card and its hand-over package."""
    if not actor.can("activities.view"):
        return []
    written, planned = queries.counts_of_engagement(session, engagement_id)
    return [
        Fact(_("Follow-ups"), str(written), order=70),
        Fact(_("Open plans"), str(planned), tone="amber" if planned else "", order=80),
    ]
