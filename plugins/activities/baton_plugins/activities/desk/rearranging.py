"""Changing open plans in the list, one or many at once: another day, another person, another kind."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from baton_plugins.activities import dates, plans, presets, queries, rights
from baton_plugins.activities.models import Plan
from sqlalchemy import select

from platform_core.api import (
    Actor,
    Contact,
    Customer,
    Invalid,
    Session,
    among,
    changing,
    customers_restricted,
    engagements_to_write,
    load_actor,
    local,
    person_choices,
    seen_by,
    today,
    translator,
)

_ = translator("activities")
EDIT = "activities.write"


def _fields(session: Session, _actor: Actor) -> list[changing.ChangeField]:
    return [
        changing.ChangeField(
            "due", _("Due"), "date", hint=_("The time of day stays. Leave it empty to leave the day.")
        ),
        changing.ChangeField("assignee", _("Person"), options=person_choices(session)),
        changing.ChangeField("kind", _("Kind"), options=[(kind.code, kind.label) for kind in presets.kinds(session)]),
    ]


def _check(session: Session, actor: Actor, values: Mapping[str, Any]) -> Mapping[str, Any]:
    wrong = {}
    if "due" in values and date.fromisoformat(values["due"]) < today():
        wrong["due"] = _("This date has passed. Choose today or a later day.")
    if "assignee" in values:
        colleague = load_actor(session, UUID(values["assignee"]))
        if colleague is None or not colleague.can(EDIT):
            name = colleague.name if colleague else ""
            wrong["assignee"] = _("%(name)s may not write follow-ups. Ask an administrator for that right.", name=name)
    if wrong:
        raise Invalid(_("Please check the marked fields."), fields=wrong)
    return values


def _rows(session: Session, actor: Actor, asked: changing.Asked) -> Mapping[UUID, changing.Changeable]:
    statement = select(Plan).where(among(Plan.id, asked.ids)).order_by(Plan.id)
    if asked.lock:
        statement = statement.with_for_update(of=Plan).execution_options(populate_existing=True)
    present = session.scalars(statement).all()
    closed = _restricted(session, present)
    writing = _writing(session, actor, present)
    colleague = _Colleague(session, present, asked.wanted.get("assignee", ""))
    found = {}
    for plan in present:
        why = "state" if plan.state != "open" else ""
        why = why or ("restricted" if plan.person_id in closed else "")
        if not why and not rights.may_rearrange(session, actor, plan, writing):
            why = "own"
        found[plan.id] = changing.Changeable(_values(plan), why or colleague.against(plan), plan.customer_id)
        if not asked.lock:
            session.expunge(plan)
    return found


def _values(plan: Plan) -> dict[str, Any]:
    return {"due": local(plan.due_at).date().isoformat(), "assignee": str(plan.assignee_id), "kind": plan.kind}


def _restricted(session: Session, present: Collection[Plan]) -> set[UUID]:
    """Customers, and contacts that stand alone, about whom nothing may be written."""
    customers = {plan.customer_id for plan in present if plan.customer_id}
    alone = {plan.person_id for plan in present if not plan.customer_id}
    return customers_restricted(session, Customer, customers) | customers_restricted(session, Contact, alone)


def _writing(session: Session, actor: Actor, present: Collection[Plan]) -> set[UUID]:
    """Engagements of these plans in which somebody may write."""
    engagements = {plan.engagement_id for plan in present if plan.engagement_id is not None}
    return engagements_to_write(session, actor, engagements)


class _Colleague:
    """Who is to have the plans: only those that they see, and in whose engagement they may write."""

    def __init__(self, session: Session, present: Collection[Plan], wanted: str) -> None:
        self._who = load_actor(session, UUID(wanted)) if wanted else None
        if self._who is None:
            return
        self._sees = seen_by(session, self._who, Plan, [plan.id for plan in present])
        self._writes = _writing(session, self._who, present)

    def against(self, plan: Plan) -> str:
        if self._who is None or plan.assignee_id == self._who.user_id:
            return ""
        if plan.id not in self._sees:
            return "unseen"
        return "" if plan.engagement_id is None or plan.engagement_id in self._writes else "engagement"


def _write(session: Session, actor: Actor, plan_id: UUID, values: Mapping[str, Any]) -> None:
    """A day that has passed comes back by the way back only: `_check` refuses it beforehand."""
    plan = queries.lock_plan(session, plan_id)
    if "due" in values:
        time = "" if plan.all_day else f"{local(plan.due_at):%H:%M}"
        plans.put_off(session, actor, plan, dates.on(date.fromisoformat(values["due"]), time))
    if "assignee" in values:
        plans.give(session, actor, plan, UUID(values["assignee"]))
    if "kind" in values:
        plans.set_kind(session, actor, plan, values["kind"])


def _counted(number: int) -> str:
    return _.ngettext("%(num)d plan", "%(num)d plans", number)


CHANGES = changing.Changes(
    edit=EDIT,
    counted=_counted,
    fields=_fields,
    check=_check,
    rows=_rows,
    write=_write,
    words={
        "state": _.lazy("It is not open: finished, cancelled, or still asked of somebody."),
        "own": _.lazy("Only the person who has it, who made it and their heads may change it."),
        "unseen": _.lazy("The chosen person does not see its customer."),
        "engagement": _.lazy("The chosen person cannot write in its engagement."),
    },
)
