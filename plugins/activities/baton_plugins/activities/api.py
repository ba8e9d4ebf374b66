"""Plans and follow-ups as JSON: the same services and inputs as the pages."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from baton_plugins.activities import plans, queries, services
from baton_plugins.activities.forms import FollowUpEdit, FollowUpInput, PlanInput, PlanMove, Time
from baton_plugins.activities.models import FollowUp, Plan
from baton_plugins.activities.reminders import arranging
from baton_plugins.activities.reminders.arranging import RemindInput, SnoozeInput
from litestar.params import QueryParameter

from platform_core.api import (
    Actor,
    EntityRef,
    Invalid,
    Items,
    Session,
    customer_get,
    customer_opened,
    decode_cursor,
    encode_cursor,
    get,
    patch,
    post,
    put,
    record,
    translator,
)

_ = translator("activities")
VIEW, WRITE = "activities.view", "activities.write"
_MOST = 200
State = Literal["open", "done", "cancelled"]


class PlanOut(msgspec.Struct, kw_only=True):
    """`customer_id` is null of one with a contact that stands alone."""

    id: UUID
    customer_id: UUID | None
    engagement_id: UUID | None
    opportunity_id: UUID | None
    contact_id: UUID | None
    assignee_id: UUID
    kind: str
    subject: str
    due_at: datetime
    all_day: bool
    ends_at: datetime | None
    repeat: str
    repeat_until: date | None
    state: str
    done_at: datetime | None
    follow_up_id: UUID | None
    cause: str
    version: int


class FollowUpOut(msgspec.Struct, kw_only=True):
    """`customer_id` is null of one with a contact that stands alone."""

    id: UUID
    customer_id: UUID | None
    engagement_id: UUID | None
    leg_id: UUID | None
    contact_id: UUID | None
    author_id: UUID | None
    author: str
    department: str
    at: datetime
    kind: str
    direction: str
    body: str
    details: dict[str, str]
    promised: str
    files: list[dict[str, str]]
    outcome: str
    old_status: str
    new_status: str
    next_plan_id: UUID | None
    next_due_at: datetime | None
    unplanned: bool
    edited_at: datetime | None
    version: int


class AgainOut(msgspec.Struct):
    remind_at: datetime


class NewPlan(PlanInput, kw_only=True):
    customer_id: UUID


class NewFollowUp(FollowUpInput, kw_only=True):
    customer_id: UUID


class PlanChange(msgspec.Struct, kw_only=True):
    """Another date (`on`, with or without `time`), or another state: `cancelled`, or `open` to take that back.

    A cancelled plan that repeats is followed by the next, unless the whole series ends (`series_too`).
    """

    on: date | None = None
    time: Time | None = None
    state: Literal["cancelled", "open"] | None = None
    series_too: bool = False


@get("/", permission=VIEW, name="activities:api_plans")
def list_plans(
    session: Session,
    actor: Actor,
    customer_id: UUID | None = None,
    plan_state: Annotated[State, QueryParameter(name="state")] = "open",
    cursor: str = "",
    limit: int = 50,
) -> Items[PlanOut]:
    """The caller's own plans, soonest first; with `customer_id` everybody's with that customer."""
    mark = decode_cursor(cursor, 2) if cursor else None
    rows = queries.listed(
        session,
        assignee_id=None if customer_id else actor.user_id,
        customer_id=customer_id,
        state=plan_state,
        after=(mark[0], mark[1]) if mark else None,
        limit=_size(limit) + 1,
    )
    shown = rows[: _size(limit)]
    ids = {row.person_id for row in shown}
    if customer_id is None:
        record(session, actor, "activities.plans", ids=ids)
    else:
        customer = customer_get(session, customer_id)
        ref = EntityRef("customers", "customer", customer.id, customer.name)
        customer_opened(session, actor, ref, customer.id, "activities.plans", ids=ids)
    following = encode_cursor([shown[-1].due_at, shown[-1].id]) if len(rows) > len(shown) else None
    return Items([plan_out(row) for row in shown], following)


@post("/", permission=WRITE, name="activities:api_create_plan", status_code=201)
def create_plan(session: Session, actor: Actor, data: NewPlan) -> PlanOut:
    """Plan something for oneself with a customer."""
    return plan_out(plans.create_plan(session, actor, data.customer_id, data))


@get("/{plan_id:uuid}", permission=VIEW, name="activities:api_plan")
def get_plan(session: Session, actor: Actor, plan_id: UUID) -> PlanOut:
    """One plan, whatever its state."""
    plan = queries.plan(session, plan_id).plan
    ref = EntityRef("activities", "plan", plan.id, plan.subject)
    record(session, actor, "activities.view", ref, customer_id=plan.customer_id)
    return plan_out(plan)


@patch("/{plan_id:uuid}", permission=WRITE, name="activities:api_change_plan")
def change_plan(session: Session, actor: Actor, plan_id: UUID, data: PlanChange) -> PlanOut:
    """Move, cancel or reopen. Finishing has its own address, since it needs a result."""
    if data.state == "cancelled":
        return plan_out(plans.cancel_plan(session, actor, plan_id, series_too=data.series_too))
    if data.state == "open":
        return plan_out(plans.reopen_plan(session, actor, plan_id))
    if data.on is None:
        raise Invalid(_("Say what to change: `on`, or `state` as cancelled or open."))
    return plan_out(plans.move_plan(session, actor, plan_id, PlanMove(on=data.on, time=data.time)))


@post("/{plan_id:uuid}/finish", permission=WRITE, name="activities:api_finish_plan", status_code=201)
def finish_plan(session: Session, actor: Actor, plan_id: UUID, data: FollowUpInput) -> FollowUpOut:
    """Write down what came of a plan: a follow-up, the customer's status and the next plan together."""
    return follow_up_out(services.finish_plan(session, actor, plan_id, data))


@post("/{plan_id:uuid}/snooze", permission=VIEW, name="activities:api_snooze")
def snooze(session: Session, actor: Actor, plan_id: UUID, data: SnoozeInput) -> AgainOut:
    """Remind the caller once more."""
    return AgainOut(arranging.snooze(session, actor, queries.plan(session, plan_id).plan, data))


@put("/{plan_id:uuid}/reminders", permission=WRITE, name="activities:api_remind")
def remind(session: Session, actor: Actor, plan_id: UUID, data: RemindInput) -> RemindInput:
    """Who else is reminded, and how long before; replaces what was asked for."""
    plan = queries.plan(session, plan_id).plan
    plans.require_rearrange(session, actor, plan)
    arranging.rearrange(session, actor, plan, data)
    return data


@get("/", permission=VIEW, name="activities:api_follow_ups")
def list_follow_ups(
    session: Session, actor: Actor, customer_id: UUID, cursor: str = "", limit: int = 50
) -> Items[FollowUpOut]:
    """A customer's follow-ups, newest first."""
    customer = customer_get(session, customer_id)
    mark = decode_cursor(cursor, 2) if cursor else None
    rows = queries.of_customer(
        session, customer.id, limit=_size(limit) + 1, before=(mark[0], mark[1]) if mark else None
    )
    shown = rows[: _size(limit)]
    ref = EntityRef("customers", "customer", customer.id, customer.name)
    customer_opened(session, actor, ref, customer.id, "activities.list", ids=[row.id for row in shown])
    following = encode_cursor([shown[-1].at, shown[-1].id]) if len(rows) > len(shown) else None
    return Items([follow_up_out(row) for row in shown], following)


@post("/", permission=WRITE, name="activities:api_log", status_code=201)
def log(session: Session, actor: Actor, data: NewFollowUp) -> FollowUpOut:
    """Write down what was said; sets the customer's status and the next plan together."""
    return follow_up_out(services.log_follow_up(session, actor, data.customer_id, data))


@get("/{follow_up_id:uuid}", permission=VIEW, name="activities:api_follow_up")
def get_follow_up(session: Session, actor: Actor, follow_up_id: UUID) -> FollowUpOut:
    """One follow-up as it is now."""
    found = queries.follow_up(session, follow_up_id)
    ref = EntityRef("activities", "follow_up", found.id)
    record(session, actor, "activities.view", ref, customer_id=found.customer_id)
    return follow_up_out(found)


@patch("/{follow_up_id:uuid}", permission=WRITE, name="activities:api_correct")
def correct(session: Session, actor: Actor, follow_up_id: UUID, data: FollowUpEdit) -> FollowUpOut:
    """Correct a follow-up; what it replaces is kept."""
    return follow_up_out(services.edit_follow_up(session, actor, follow_up_id, data))


def plan_out(plan: Plan) -> PlanOut:
    return PlanOut(**{name: getattr(plan, name) for name in PlanOut.__struct_fields__})


def follow_up_out(follow_up: FollowUp) -> FollowUpOut:
    values = {name: getattr(follow_up, name) for name in FollowUpOut.__struct_fields__ if hasattr(follow_up, name)}
    return FollowUpOut(**values, author=follow_up.author_label, department=follow_up.department_label)


def _size(limit: int) -> int:
    return min(max(limit, 1), _MOST)


PLANS = [list_plans, create_plan, get_plan, change_plan, finish_plan, snooze, remind]
FOLLOW_UPS = [list_follow_ups, log, get_follow_up, correct]
