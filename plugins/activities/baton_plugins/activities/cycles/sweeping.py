"""The job behind cycles: who belongs on one is put on it, who no longer does is taken off, slice by slice.

Each slice is a transaction of its own; whoever is killed leaves whole customers, and the next run goes on: whom it has
put on a cycle is no longer waiting for it.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from baton_plugins.activities import plans
from baton_plugins.activities.cycles import planning, services, taking, who
from baton_plugins.activities.cycles.models import Cycle, CycleRun
from baton_plugins.activities.cycles.who import PROOF
from sqlalchemy import func, select

from platform_core.api import (
    Actor,
    ClockTime,
    Customer,
    Job,
    JobContext,
    Session,
    among,
    load_actor,
    record,
    speaking,
    today,
)

LOOKED_AT = 1000
"""Customers whom one transaction looks at"""
WRITTEN = 100
"""Of whom one transaction writes"""
Step = Callable[[Session, Cycle, UUID | None], UUID | None]
"""(session, cycle, the last one looked at) -> the last one now; None when nothing is left."""


def run(context: JobContext) -> None:
    """Of one cycle when somebody has just started or stopped it, and of all each night. The same again does nothing."""
    named = context.arguments.get("cycle_id")
    with context.database.system_session("which cycles are kept?", write=False) as session:
        ids = [UUID(named)] if named else list(session.scalars(select(Cycle.id).order_by(Cycle.name)))
    for cycle_id in ids:
        for step in (_withdraw, _bring_back, _let_go, _take_in):
            _through(context, cycle_id, step)


def _through(context: JobContext, cycle_id: UUID, step: Step) -> None:
    after: UUID | None = None
    while True:
        with context.database.system_session("customers on a cycle") as session:
            cycle = session.get(Cycle, cycle_id)
            keeper = _keeper(session, cycle)
            if cycle is None:
                return
            with speaking(keeper.language if keeper else "zh"):
                after = step(session, cycle, after)
            context.progress(session, 0, 0)  # renews the lease
        if after is None:
            return


def _keeper(session: Session, cycle: Cycle | None) -> Actor | None:
    """Whose rights the rule has at this moment; None: they have left, and it reaches nobody."""
    return load_actor(session, cycle.by_id) if cycle is not None and cycle.by_id is not None else None


def _withdraw(session: Session, cycle: Cycle, after: UUID | None) -> UUID | None:
    """Of a cycle that was stopped: its open visits."""
    if cycle.active:
        return None
    runs = _runs(session, cycle, "on", after, WRITTEN)
    for one in runs:
        _leave(session, one, "stopped")
    return runs[-1].id if runs else None


def _bring_back(session: Session, cycle: Cycle, after: UUID | None) -> UUID | None:
    """Of a cycle that goes on: those who were on it when it was stopped."""
    if not cycle.active:
        return None
    runs = _runs(session, cycle, "stopped", after, WRITTEN)
    kept = select(Customer).where(among(Customer.id, [one.customer_id for one in runs]), Customer.deleted_at.is_(None))
    there = {one.id: one for one in session.scalars(kept, execution_options=PROOF)}
    pairs = [(there[one.customer_id], one) for one in runs if one.customer_id in there]
    found = who.visitors(session, cycle, pairs)
    for customer, one in pairs:
        if customer.id in found:
            one.state = "on"
            planning.visit(session, cycle, one, found[customer.id], today())
            plans.refresh_next(session, customer.id, found[customer.id].user_id)
    return runs[-1].id if runs else None


def _let_go(session: Session, cycle: Cycle, after: UUID | None) -> UUID | None:
    """Whom the rule has put on the cycle and who no longer meets it."""
    keeper = _keeper(session, cycle)
    if not cycle.active or not cycle.rule or keeper is None:
        return None
    runs = _runs(session, cycle, "on", after, LOOKED_AT, by_rule=True)
    mine = among(Customer.id, [one.customer_id for one in runs])
    still = set(session.scalars(taking.reached(session, keeper, cycle).where(mine), execution_options=PROOF))
    for one in runs:
        if one.customer_id not in still:
            _leave(session, one, "left")
            record(session, None, "activities.leave_cycle", cycle.ref, customer_id=one.customer_id)
    return runs[-1].id if runs else None


def _runs(
    session: Session, cycle: Cycle, state: str, after: UUID | None, limit: int, *, by_rule: bool = False
) -> list[CycleRun]:
    """Those that nobody else holds at this moment."""
    mine = select(CycleRun).where(CycleRun.cycle_id == cycle.id, CycleRun.state == state)
    if after is not None:
        mine = mine.where(CycleRun.id > after)
    if by_rule:
        mine = mine.where(CycleRun.by_rule)
    held = mine.order_by(CycleRun.id).limit(limit).with_for_update(of=CycleRun, skip_locked=True)
    return list(session.scalars(held, execution_options=PROOF))


def _leave(session: Session, run: CycleRun, state: str) -> None:
    withdrawn = planning.leave(session, run, state, None)
    plans.refresh_next(session, run.customer_id, *(plan.assignee_id for plan in withdrawn))


def _take_in(session: Session, cycle: Cycle, after: UUID | None) -> UUID | None:
    """Customers whom the rule reaches and who are not on the cycle yet."""
    keeper = _keeper(session, cycle)
    room = _room(session, cycle)
    if not cycle.active or not cycle.rule or keeper is None or not room:
        return None
    reached = taking.reached(session, keeper, cycle).order_by(None).order_by(Customer.id).limit(LOOKED_AT)
    if after is not None:
        reached = reached.where(Customer.id > after)
    ids = list(session.scalars(reached, execution_options=PROOF))
    missing = select(Customer).where(among(Customer.id, ids), taking.waiting(cycle)).order_by(Customer.id).limit(room)
    customers = list(session.scalars(missing, execution_options=PROOF))
    found = who.visitors(session, cycle, [(customer, None) for customer in customers])
    origins = taking.origins(session, cycle, (one.id for one in customers))
    for customer in customers:
        if customer.id in found and customer.id in origins:
            services.enter(session, cycle, customer, origins[customer.id], found[customer.id], None)
    if len(customers) == room:  # there may be more among these
        return customers[-1].id
    return ids[-1] if ids else None


def _room(session: Session, cycle: Cycle) -> int:
    """How many may be put on it in this slice."""
    if not cycle.per_day:
        return WRITTEN
    todays = select(func.count()).where(CycleRun.cycle_id == cycle.id, CycleRun.joined_on == today(), CycleRun.by_rule)
    return max(0, min(WRITTEN, cycle.per_day - (session.scalar(todays, execution_options=PROOF) or 0)))


CYCLES_JOB = Job(services.JOB, run, at=(ClockTime(2, 40),), catch_up=True, lease_seconds=600)
