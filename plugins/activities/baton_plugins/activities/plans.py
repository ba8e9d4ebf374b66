"""Plans: making, moving, cancelling them, and passing them on when a department takes over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pluggy
from baton_plugins.activities import about, dates, presets, queries, rights, series
from baton_plugins.activities.alone.arriving import arrived
from baton_plugins.activities.desk import telling
from baton_plugins.activities.forms import PlanInput, PlanMove, Planned
from baton_plugins.activities.models import Plan
from baton_plugins.activities.reminders import arranging
from baton_plugins.activities.settings import FIRST_VISIT_DAYS
from baton_plugins.activities.together import assisting, joining
from sqlalchemy import select

from platform_core.api import (
    Actor,
    Customer,
    EntityRef,
    Event,
    Forbidden,
    Invalid,
    Leg,
    Listener,
    Session,
    User,
    customer_contacts,
    customer_get,
    customer_require_unrestricted,
    customer_touch,
    engagement_members,
    local,
    now,
    read_setting,
    record,
    translator,
)

_ = translator("activities")
hookimpl = pluggy.HookimplMarker("baton")
FIRST_VISIT = "first_visit"
"""The code in a leg's `needs` that asks for a return-visit plan on take-over."""
FIRST_VISIT_CAUSE = "relay.first_visit"


def create_plan(session: Session, actor: Actor, customer_id: UUID, data: PlanInput) -> Plan:
    """Plan something for oneself. Raises Invalid for a past date and for an engagement one cannot write in."""
    rights.require_write(actor)
    customer = customer_get(session, customer_id)
    customer_require_unrestricted(customer)
    subject = about.checked(session, actor, customer.id, data.engagement_id, data.opportunity_id)
    return make(
        session,
        actor,
        data,
        customer_id=customer.id,
        engagement_id=subject.engagement_id,
        opportunity_id=subject.opportunity_id,
        opportunity_label=subject.label,
        contact_id=data.contact_id,
        contact_label=contact_label(session, customer.id, data.contact_id),
    )


def make(session: Session, actor: Actor, data: Planned, **about_whom: Any) -> Plan:
    """For oneself, where the actor may write. Raises Invalid for a past date and for an unknown kind."""
    if data.kind not in {kind.code for kind in presets.kinds(session)}:
        message = _("Please choose from the list.")
        raise Invalid(message, fields={"kind": message})
    due, ends_at = when(data)
    plan = add(
        session,
        actor,
        kind=data.kind,
        subject=data.subject,
        due=due,
        ends_at=ends_at,
        remind=arranging.wishes(session, data.remind, data.remind_people, all_day=due.all_day),
        **about_whom,
    )
    if data.repeat:
        series.begin(plan, data.repeat, data.repeat_until)
    refresh_next(session, plan.customer_id, plan.assignee_id)
    return plan


def when(data: Planned) -> tuple[dates.Due, datetime | None]:
    """When it is due and when it ends. Raises Invalid at the field for times that cannot be."""
    due = in_future(data.on, data.time, field="on")
    if data.repeat:
        _require_after(data.repeat_until, data.on, field="repeat_until")
    return due, _end(data, due)


def move_plan(session: Session, actor: Actor, plan_id: UUID, data: PlanMove) -> Plan:
    """Another date. Raises Conflict when the plan is no longer open."""
    plan = queries.lock_plan(session, plan_id)
    require_rearrange(session, actor, plan)
    put_off(session, actor, plan, in_future(data.on, data.time, field="on"))
    return plan


def put_off(session: Session, actor: Actor, plan: Plan, due: dates.Due) -> None:
    """Of a locked plan that the actor may rearrange."""
    before = plan.due_at
    if plan.ends_at is not None:
        plan.ends_at = None if due.all_day else due.at + (plan.ends_at - plan.due_at)
    plan.due_at, plan.all_day = due.at, due.all_day
    arranging.move_along(session, plan)
    _record(session, actor, "activities.move_plan", plan, {"due_at": before}, {"due_at": due.at})
    refresh_next(session, plan.customer_id, plan.assignee_id)


def give(session: Session, actor: Actor, plan: Plan, user_id: UUID) -> None:
    """A locked plan that the actor may rearrange gets another person, who has been looked at before."""
    receiver, before = session.get_one(User, user_id), plan.assignee_id
    owner = session.get(User, before)
    plan.passed_on_by_label = owner.name if owner else ""
    plan.assignee_id, plan.department_id = receiver.id, receiver.department_id
    _record(session, actor, "activities.give_plan", plan, {"assignee_id": before}, {"assignee_id": receiver.id})
    refresh_next(session, plan.customer_id, before, receiver.id)


def set_kind(session: Session, actor: Actor, plan: Plan, kind: str) -> None:
    """Of a locked plan that the actor may rearrange."""
    before, plan.kind = plan.kind, kind
    _record(session, actor, "activities.plan_kind", plan, {"kind": before}, {"kind": kind})
    queries.forget(session)


def cancel_plan(session: Session, actor: Actor, plan_id: UUID, *, series_too: bool = False) -> Plan:
    """It will not happen. `reopen_plan` takes this back. The next of a series is planned, unless it ends here too."""
    plan = _turn(session, actor, plan_id, "open", "cancelled", "activities.cancel_plan")
    if not series_too:
        series.go_on(session, plan)
    if plan.customer_id is not None:
        customer = customer_get(session, plan.customer_id)
        joining.answered(session, actor, customer, plan, None)
        assisting.settled(session, actor, customer, plan, None)
    refresh_next(session, plan.customer_id, plan.assignee_id)
    return plan


def reopen_plan(session: Session, actor: Actor, plan_id: UUID) -> Plan:
    """Undo a cancellation. Raises Conflict when there is none to undo."""
    plan = _turn(session, actor, plan_id, "cancelled", "open", "activities.reopen_plan")
    series.take_back(session, plan)
    refresh_next(session, plan.customer_id, plan.assignee_id)
    return plan


def _turn(session: Session, actor: Actor, plan_id: UUID, old: str, new: str, action: str) -> Plan:
    plan = queries.lock_plan(session, plan_id, state=old)
    require_rearrange(session, actor, plan)
    plan.state = new
    _record(session, actor, action, plan, {"state": old}, {"state": new})
    return plan


@hookimpl
def baton_leg_taken(session: Session, actor: Actor, leg: Leg) -> None:
    """Whoever holds the baton has its plans, and a first visit is planned where the step asks for one.

    Part of the take-over itself, so it asks for no right of its own.
    """
    receiver = session.get_one(User, leg.assignee_id)
    _pass_on(session, actor, leg, receiver)
    if FIRST_VISIT in leg.needs:
        _plan_first_visit(session, actor, leg, receiver)
    refresh_next(session, leg.customer_id, receiver.id)


@hookimpl
def baton_listeners() -> list[Listener]:
    return [
        Listener("relay.reassigned", _people_changed), Listener("relay.left", _people_changed),
        Listener("customers.contact_attached", arrived),
    ]  # fmt: skip


def _people_changed(session: Session, event: Event) -> None:
    """Somebody has no part in the engagement any more: what they had planned there goes to its holder.

    Should this be lost, the next take-over does it.
    """
    engagement_id = UUID(str(event.data["engagement_id"]))
    leg = session.scalars(select(Leg).where(Leg.engagement_id == engagement_id, Leg.state == "active")).one_or_none()
    if leg is not None and leg.assignee_id is not None:
        _pass_on(session, None, leg, session.get_one(User, leg.assignee_id))


def _pass_on(session: Session, actor: Actor | None, leg: Leg, receiver: User) -> None:
    """Open plans of those who cannot write in the engagement any more, such as the holder of the leg before."""
    writers = {member.user_id for member in engagement_members(session, leg.engagement_id) if member.writes}
    held = select(Plan).where(
        Plan.engagement_id == leg.engagement_id, Plan.state == "open", Plan.assignee_id.not_in(writers | {receiver.id})
    )
    for plan in session.scalars(held.with_for_update(of=Plan)).all():
        before = plan.assignee_id
        owner = session.get(User, before)
        plan.passed_on_by_label = owner.name if owner else ""
        plan.assignee_id, plan.department_id = receiver.id, leg.department_id
        _record(session, actor, "activities.pass_on_plan", plan, {"assignee_id": before}, {"assignee_id": receiver.id})


def _plan_first_visit(session: Session, actor: Actor, leg: Leg, receiver: User) -> None:
    """Once per engagement: a baton that came back and was taken again has its visit planned already."""
    planned = select(Plan.id).where(Plan.engagement_id == leg.engagement_id, Plan.cause == FIRST_VISIT_CAUSE).limit(1)
    if session.scalar(planned) is not None:
        return
    plan = add(
        session,
        actor,
        customer_id=leg.customer_id,
        engagement_id=leg.engagement_id,
        contact_id=None,
        contact_label="",
        kind="call",
        subject=_("First return visit"),
        due=dates.on(dates.working_days_after(session, read_setting(session, FIRST_VISIT_DAYS))),
        cause=FIRST_VISIT_CAUSE,
    )
    plan.assignee_id, plan.department_id = receiver.id, leg.department_id


def add(
    session: Session, actor: Actor, *, due: dates.Due, remind: Sequence[arranging.Wish] | None = None, **fields: Any
) -> Plan:
    """A checked plan of the actor's own, into the database and the audit trail; reminded of as the house does."""
    wanted = remind
    if wanted is None:
        wanted = arranging.wishes(session, [arranging.DEFAULT], [], all_day=due.all_day)
    plan = Plan(
        due_at=due.at,
        all_day=due.all_day,
        assignee_id=actor.user_id,
        department_id=actor.department_id,
        created_by=actor.user_id,
        created_by_label=actor.name,
        **fields,
    )
    session.add(plan)
    session.flush()  # its id goes into the audit line, its reminders and the follow-up that made it
    arranging.arrange(session, plan, wanted)
    _record(session, actor, "activities.plan", plan, {}, {"due_at": plan.due_at, "kind": plan.kind})
    return plan


def refresh_next(session: Session, customer_id: UUID | None, *people: UUID | None) -> None:
    """Bring the customer's next date up to date with the plans. `people`: whose, for the pages of their heads.

    A contact that stands alone has no such date.
    """
    session.flush()  # the date is computed from what has just been written
    queries.forget(session)
    telling.tell(session, *people)
    if customer_id is None:
        return
    # Two colleagues at once would each compute it without the other's plan, so one waits for the other here.
    customer = session.scalars(
        select(Customer).where(Customer.id == customer_id).with_for_update(of=Customer)
    ).one_or_none()
    if customer is not None:
        customer_touch(session, customer, next_plan_at=queries.earliest_open(session, customer_id))


def in_future(day: date, time: str | None, *, field: str) -> dates.Due:
    """Raises Invalid for a day or a time that has passed."""
    due = dates.on(day, time or "")
    if due.is_past:
        message = _("This date has passed. Choose today or a later day.")
        if day == local(now()).date():
            message = _("This time has passed. Choose a later one.")
        raise Invalid(message, fields={field: message})
    return due


def _end(data: Planned, due: dates.Due) -> datetime | None:
    """Raises Invalid for an end before the start, or without one."""
    if data.end is None:
        return None
    if data.time is None:
        message = _("An end needs a time at which it begins.")
        raise Invalid(message, fields={"time": message})
    end = dates.on(data.on, data.end).at
    if end <= due.at:
        message = _("The end is before the start.")
        raise Invalid(message, fields={"end": message})
    return end


def _require_after(last: date | None, first: date, *, field: str) -> None:
    if last is not None and last <= first:
        message = _("The end is before the start.")
        raise Invalid(message, fields={field: message})


def contact_label(session: Session, customer_id: UUID, contact_id: UUID | None) -> str:
    """The contact's name. Raises Invalid when it is not one of the customer's."""
    if contact_id is None:
        return ""
    for contact in customer_contacts(session, customer_id):
        if contact.id == contact_id:
            return contact.name
    message = _("Please choose from the list.")
    raise Invalid(message, fields={"contact_id": message})


def require_rearrange(session: Session, actor: Actor, plan: Plan) -> None:
    """Raises Forbidden with the name of whoever may."""
    if not rights.may_rearrange(session, actor, plan):
        owner = session.get(User, plan.assignee_id)
        raise Forbidden(_("Only %(name)s may change this plan.", name=owner.name if owner else ""))


def _record(
    session: Session, actor: Actor | None, action: str, plan: Plan, before: dict[str, Any], after: dict[str, Any]
) -> None:
    ref = EntityRef("activities", "plan", plan.id)  # its subject may quote what was said, which stays out of the trail
    record(
        session, actor, action, ref, customer_id=plan.customer_id,
        before={key: str(value) for key, value in before.items()},
        after={key: str(value) for key, value in after.items()},
    )  # fmt: skip
