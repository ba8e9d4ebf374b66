"""The visits of one customer's run through a cycle: the next is planned when one is over, once."""

from __future__ import annotations

from datetime import date, timedelta

from baton_plugins.activities import dates
from baton_plugins.activities.cycles import days, who
from baton_plugins.activities.cycles.models import Cycle, CycleRun
from baton_plugins.activities.cycles.who import PROOF, Visitor
from baton_plugins.activities.models import Plan
from sqlalchemy import Select, select

from platform_core.api import (
    Actor,
    Customer,
    EntityRef,
    Session,
    local,
    now,
    record,
    today,
    translator,
    work_calendar,
)

_ = translator("activities")
CAUSE = "cycle"
_FARTHEST = 60
"""Days a visit is put off at most; a house that works on no day has it on its day"""


def has_next(session: Session, plan: Plan) -> bool:
    """Whether another visit comes after this one."""
    found = session.execute(_of(plan)).one_or_none()
    if found is None or not found[1].active:
        return False
    return days.following(found[1].steps, found[1].every, found[0].starts_on, _day_of(plan)) is not None


def _of(plan: Plan) -> Select[CycleRun, Cycle]:
    joined = select(CycleRun, Cycle).join(Cycle, Cycle.id == CycleRun.cycle_id)
    return joined.where(CycleRun.id == plan.series_id, CycleRun.state == "on", CycleRun.number == plan.series_no)


def _day_of(plan: Plan) -> date:
    """The next visit is later than both: early or late, none is made twice."""
    return max(local(plan.due_at).date(), today())


def go_on(session: Session, plan: Plan) -> Plan | None:
    """The visit after one that is over. The run is held, so that of two who settle a visit only one goes on."""
    found = session.execute(_of(plan).with_for_update(of=CycleRun)).one_or_none()
    if found is None or not found[1].active:
        return None
    run, cycle = found
    customer = session.get_one(Customer, run.customer_id)
    visitor = who.visitors(session, cycle, [(customer, run)]).get(customer.id)
    # Nobody looks after the customer: whoever was there last goes again.
    return visit(session, cycle, run, visitor or Visitor(plan.assignee_id, plan.department_id), _day_of(plan))


def visit(
    session: Session, cycle: Cycle, run: CycleRun, visitor: Visitor, after: date, by: Actor | None = None
) -> Plan | None:
    """The plan of a run's next visit, later than `after`. None: all were made, and the run is over."""
    following = days.following(cycle.steps, cycle.every, run.starts_on, after)
    if following is None:
        run.state = "over"
        return None
    due = dates.on(working_day(session, following.day))
    run.step, run.number = following.number, run.number + 1
    plan = _earlier(session, run)
    if plan is None:
        plan = Plan(
            customer_id=run.customer_id, contact_label="", kind=cycle.kind, cause=CAUSE, series_id=run.id,
            series_no=run.number, created_by=by.user_id if by else None, created_by_label=by.name if by else cycle.name,
            all_day=True, subject=_("%(name)s, visit %(number)s", name=cycle.subject or cycle.name,
                                    number=following.number),
        )  # fmt: skip
        session.add(plan)
    plan.due_at, plan.state, plan.engagement_id = due.at, "open", visitor.engagement_id
    plan.assignee_id, plan.department_id = visitor.user_id, visitor.department_id
    session.flush()  # the audit line and whoever counts the customer's plans read it
    after_ = {"due_at": str(plan.due_at), "kind": plan.kind}
    record(session, by, "activities.plan", _ref(plan), customer_id=plan.customer_id, after=after_)
    return plan


def _ref(plan: Plan) -> EntityRef:
    return EntityRef("activities", "plan", plan.id)


def _earlier(session: Session, run: CycleRun) -> Plan | None:
    """A visit of this number that an undo took away."""
    known = select(Plan).where(Plan.series_id == run.id, Plan.series_no == run.number).with_for_update(of=Plan)
    return session.scalars(known, execution_options=PROOF).one_or_none()


def working_day(session: Session, day: date) -> date:
    """That day, or the first after it on which the house works."""
    calendar = work_calendar(session, now())
    later = (day + timedelta(days=at) for at in range(_FARTHEST))
    return next((one for one in later if calendar.works(one)), day)


def take_back(session: Session, plan: Plan) -> None:
    """A visit is open again: the one after it waits for its turn."""
    run = session.scalars(select(CycleRun).where(CycleRun.id == plan.series_id).with_for_update()).one_or_none()
    if run is None or plan.series_no not in {run.number, run.number - 1}:
        return
    if plan.series_no == run.number - 1:
        later = select(Plan).where(Plan.series_id == run.id, Plan.series_no == run.number, Plan.state == "open")
        for follower in session.scalars(later.with_for_update(of=Plan), execution_options=PROOF):
            follower.state = "cancelled"
        run.number -= 1
    if run.state in {"over", "off"}:
        run.state = "on"


def leave(session: Session, run: CycleRun, state: str, by: Actor | None) -> list[Plan]:
    """The run is over before its end: its open visits are withdrawn. Returns them."""
    waiting = select(Plan).where(Plan.series_id == run.id, Plan.state == "open").with_for_update(of=Plan)
    withdrawn = list(session.scalars(waiting, execution_options=PROOF))
    for plan in withdrawn:
        plan.state = "cancelled"
        record(
            session, by, "activities.cancel_plan", _ref(plan), customer_id=plan.customer_id,
            before={"state": "open"}, after={"state": "cancelled"},
        )  # fmt: skip
    run.state = state
    return withdrawn
