"""Keeping cycles, and putting customers on them by hand and taking them off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from baton_plugins.activities import plans, presets, rights
from baton_plugins.activities.cycles import days, planning, taking, who
from baton_plugins.activities.cycles.models import Cycle, CycleRun
from baton_plugins.activities.models import Plan
from msgspec import Meta
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from platform_core.api import (
    Actor,
    Conflict,
    Customer,
    Invalid,
    NotFound,
    Session,
    User,
    changes,
    customer_get,
    customer_require_unrestricted,
    enqueue,
    new_id,
    record,
    today,
    translator,
)

_ = translator("activities")
JOB = "activities.cycles"
_RULE = ("starts", "department_id", "grade", "classification", "status", "group_id")
"""What says whom the rule reaches: when it changes, somebody has to look at the numbers again"""
_OLDEST = timedelta(days=days.LONGEST)
Code = Annotated[str, Meta(max_length=60)]


class CycleInput(msgspec.Struct, kw_only=True):
    """`days`: after the start, such as `7, 30, 90`; `every`: days from one visit to the next after those, 0 is none."""

    name: Annotated[str, Meta(min_length=1, max_length=60)]
    days: Annotated[str, Meta(min_length=1, max_length=120)]
    every: Annotated[int, Meta(ge=0, le=days.LONGEST)] = 0
    kind: Code = "call"
    subject: Annotated[str, Meta(max_length=120)] = ""
    who: Literal["owner", "holder", "head", "person"] = "owner"
    user_id: UUID | None = None
    starts: Literal["joined", "taken", "done"] = "joined"
    department_id: UUID | None = None
    grade: Code = ""
    classification: Code = ""
    status: Code = ""
    group_id: UUID | None = None
    per_day: Annotated[int, Meta(ge=0, le=100_000)] = 200


class JoinInput(msgspec.Struct, kw_only=True):
    """`on`: the day from which the visits count; today when left out."""

    cycle_id: UUID
    on: date | None = None


def get(session: Session, cycle_id: UUID, *, lock: bool = False) -> Cycle:
    """Raises NotFound."""
    statement = select(Cycle).where(Cycle.id == cycle_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise NotFound(_("There is no such cycle."))
    return found


def save(session: Session, actor: Actor, cycle_id: UUID | None, data: CycleInput) -> Cycle:
    """A new cycle, or other days and other people for the visits to come. Raises Invalid, NotFound.

    Who changes whom the rule reaches switches it off until somebody has seen the new numbers.
    """
    values = _checked(session, actor, data)
    cycle = Cycle(id=new_id()) if cycle_id is None else get(session, cycle_id, lock=True)
    before = {} if cycle_id is None else {name: getattr(cycle, name) for name in values}
    for name, value in values.items():
        setattr(cycle, name, value)
    if any(before.get(name) != values[name] for name in _RULE):
        cycle.rule = False
    try:
        with session.begin_nested():
            session.add(cycle)
    except IntegrityError as error:
        message = _("There is a cycle of this name.")
        raise Invalid(message, fields={"name": message}) from error
    old, new = changes(before, values)
    if new:
        record(session, actor, "activities.save_cycle", cycle.ref, before=old, after=new)
    return cycle


def _checked(session: Session, actor: Actor, data: CycleInput) -> dict[str, Any]:
    wrong: dict[str, str] = {}
    values = msgspec.structs.asdict(data)
    try:
        values["steps"] = days.parsed(values.pop("days"))
    except ValueError:
        wrong["days"] = _("Write days in ascending order with commas between, such as 7, 30, 90.")
    if data.kind not in {kind.code for kind in presets.kinds(session)}:
        wrong["kind"] = _("Please choose from the list.")
    if data.who == "person" and (data.user_id is None or session.get(User, data.user_id) is None):
        wrong["user_id"] = _("Who makes these visits?")
    if data.who != "person":
        values["user_id"] = None
    if data.starts != "taken":
        values["department_id"] = None
    wrong |= taking.wrong(session, actor, values)
    if wrong:
        raise Invalid(_("Please check the marked fields."), fields=wrong)
    return values


def start(session: Session, actor: Actor, cycle_id: UUID, version: int) -> Cycle:
    """The rule holds from now on, in the actor's name. Raises Conflict when it is not what they have read."""
    cycle = get(session, cycle_id, lock=True)
    if not cycle.active:
        raise Conflict(_("This cycle was stopped. Bring it back first."))
    if cycle.version != version:
        raise Conflict(_("Somebody has changed this cycle in the meantime. Look at it again."))
    cycle.rule, cycle.by_id, cycle.by_label = True, actor.user_id, actor.name
    _begin(session, actor, cycle, "activities.start_cycle")
    return cycle


def pause(session: Session, actor: Actor, cycle_id: UUID) -> Cycle:
    """Nobody is put on it or taken off any more; who is on it stays."""
    cycle = get(session, cycle_id, lock=True)
    if cycle.rule:
        cycle.rule = False
        record(session, actor, "activities.pause_cycle", cycle.ref)
    return cycle


def stop(session: Session, actor: Actor, cycle_id: UUID) -> Cycle:
    """Its open visits are withdrawn in the background. `resume` is the way back."""
    cycle = get(session, cycle_id, lock=True)
    if cycle.active:
        cycle.active = cycle.rule = False
        _begin(session, actor, cycle, "activities.stop_cycle")
    return cycle


def resume(session: Session, actor: Actor, cycle_id: UUID) -> Cycle:
    """Who was on it when it was stopped is on it again, with the visit that is next now. Its rule stays off."""
    cycle = get(session, cycle_id, lock=True)
    if not cycle.active:
        cycle.active = True
        _begin(session, actor, cycle, "activities.resume_cycle")
    return cycle


def _begin(session: Session, actor: Actor, cycle: Cycle, action: str) -> None:
    record(session, actor, action, cycle.ref)
    enqueue(session, JOB, {"cycle_id": str(cycle.id)}, user_id=actor.user_id)


def put_on(session: Session, actor: Actor, customer_id: UUID, data: JoinInput) -> CycleRun:
    """Raises Invalid at the field, Conflict for who is on it already, Forbidden, NotFound."""
    rights.require_write(actor)
    customer = customer_get(session, customer_id)
    customer_require_unrestricted(customer)
    cycle = _running(session, data.cycle_id)
    starts = data.on or today()
    if abs(starts - today()) > _OLDEST:
        message = _("This day is too far off.")
        raise Invalid(message, fields={"on": message})
    if days.following(cycle.steps, cycle.every, starts, _yesterday()) is None:
        message = _("All visits of this cycle would be over already. Choose a later day.")
        raise Invalid(message, fields={"on": message})
    visitor = who.visitors(session, cycle, [(customer, None)]).get(customer.id)
    if visitor is None:
        raise Conflict(_("Nobody looks after this customer. Give it to somebody first."))
    run = enter(session, cycle, customer, taking.Origin(starts), visitor, actor)
    if run is None:
        raise Conflict(_("The customer is on this cycle already."))
    return run


def put_on_many(session: Session, actor: Actor, cycle_id: UUID, customers: Sequence[Customer]) -> int:
    """From today on; returns how many. Left out is who is on it already, is restricted, or looked after by nobody."""
    rights.require_write(actor)
    cycle = _running(session, cycle_id)
    free = [customer for customer in customers if customer.restricted_at is None]
    found = who.visitors(session, cycle, [(customer, None) for customer in free])
    origin = taking.Origin(today())
    return sum(
        enter(session, cycle, customer, origin, found[customer.id], actor) is not None
        for customer in free
        if customer.id in found
    )


def _running(session: Session, cycle_id: UUID) -> Cycle:
    cycle = session.get(Cycle, cycle_id)
    if cycle is None or not cycle.active:
        message = _("Please choose from the list.")
        raise Invalid(message, fields={"cycle_id": message})
    return cycle


def _yesterday() -> date:
    return today() - timedelta(days=1)


def enter(
    session: Session, cycle: Cycle, customer: Customer, origin: taking.Origin, visitor: who.Visitor, by: Actor | None
) -> CycleRun | None:
    """Put a customer on a cycle with its first visit; None for who is on it. `by` None: by the rule."""
    run = taking.claimed(session, cycle, customer.id, origin)
    if run is None:
        return None
    run.by_rule, run.by_label, run.joined_on = by is None, by.name if by else "", today()
    plan = planning.visit(session, cycle, run, visitor, _yesterday(), by)
    after = {"starts_on": origin.day.isoformat(), "cycle": cycle.name}
    record(session, by, "activities.join_cycle", cycle.ref, customer_id=customer.id, after=after)
    plans.refresh_next(session, customer.id, plan.assignee_id if plan else None)
    return run


def take_off(session: Session, actor: Actor, customer_id: UUID, cycle_id: UUID) -> list[Plan]:
    """The rule does not put it on again. Raises Conflict for who is not on it. Returns the withdrawn visits."""
    rights.require_write(actor)
    customer = customer_get(session, customer_id)
    mine = select(CycleRun).where(CycleRun.cycle_id == cycle_id, CycleRun.customer_id == customer.id)
    run = session.scalars(mine.with_for_update(of=CycleRun)).one_or_none()
    if run is None or run.state != "on":
        raise Conflict(_("The customer is not on this cycle any more."))
    withdrawn = planning.leave(session, run, "off", actor)
    record(session, actor, "activities.leave_cycle", get(session, cycle_id).ref, customer_id=customer.id)
    plans.refresh_next(session, customer.id, *(plan.assignee_id for plan in withdrawn))
    return withdrawn
