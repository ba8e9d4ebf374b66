"""Questions for a colleague's call and requests to take plans over, as JSON."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec
from baton_plugins.activities import queries, rights
from baton_plugins.activities.desk import lists
from baton_plugins.activities.queries import PlanRow
from baton_plugins.activities.together import assisting, joining, tasks
from baton_plugins.activities.together.assisting import AssistInput, DeclineInput
from baton_plugins.activities.together.joining import QuestionInput
from baton_plugins.activities.together.models import Assistance, Question
from baton_plugins.activities.together.tasks import TaskInput

from platform_core.api import (
    Actor,
    EntityRef,
    Items,
    Session,
    customer_get,
    customer_opened,
    decode_cursor,
    encode_cursor,
    get,
    post,
    record,
    today,
)

VIEW, WRITE = "activities.view", "activities.write"
_MOST = 200


class QuestionOut(msgspec.Struct, kw_only=True):
    id: UUID
    plan_id: UUID
    customer_id: UUID
    user_id: UUID
    text: str
    at: datetime
    settled_at: datetime | None
    follow_up_id: UUID | None


class AssistanceOut(msgspec.Struct, kw_only=True):
    id: UUID
    plan_id: UUID
    customer_id: UUID
    from_id: UUID
    to_id: UUID
    note: str
    state: str
    reason: str
    at: datetime
    answered_at: datetime | None
    follow_up_id: UUID | None


class NearOut(msgspec.Struct, kw_only=True):
    """A call that a colleague has planned."""

    plan_id: UUID
    assignee_id: UUID
    assignee: str
    subject: str
    kind: str
    due_at: datetime


@get("/near", permission=VIEW, name="activities:api_near")
def near(
    session: Session, actor: Actor, customer_id: UUID, on: date | None = None, kind: str = "call"
) -> list[NearOut]:
    """Calls of colleagues so near to a day (today) that one should rather be a part of them."""
    customer = customer_get(session, customer_id)
    ref = EntityRef("customers", "customer", customer.id, customer.name)
    customer_opened(session, actor, ref, customer.id)
    return [_near(row) for row in joining.near(session, actor, customer.id, on or today(), kind)]


def _near(row: PlanRow) -> NearOut:
    plan = row.plan
    return NearOut(
        plan_id=plan.id, assignee_id=plan.assignee_id, assignee=row.assignee, subject=plan.subject, kind=plan.kind,
        due_at=plan.due_at,
    )  # fmt: skip


@post("/{plan_id:uuid}/questions", permission=WRITE, name="activities:api_join", status_code=201)
def join(session: Session, actor: Actor, plan_id: UUID, data: QuestionInput) -> QuestionOut:
    """Have something asked in a colleague's call."""
    return _question(joining.join(session, actor, plan_id, data))


@post("/{plan_id:uuid}/assistance", permission=WRITE, name="activities:api_ask", status_code=201)
def ask(session: Session, actor: Actor, plan_id: UUID, data: AssistInput) -> AssistanceOut:
    """Ask a colleague to take one's plan over."""
    return _assistance(assisting.ask(session, actor, plan_id, data))


@get("/", permission=VIEW, name="activities:api_assistance")
def requests(
    session: Session, actor: Actor, direction: Literal["to", "from"] = "to", cursor: str = "", limit: int = 50
) -> Items[AssistanceOut]:
    """Requests that wait for the caller's answer (`to`), or what the caller has asked for, latest first (`from`)."""
    size = min(max(limit, 1), _MOST)
    if direction == "to":
        rows = lists.of_me(session, actor, limit=size)
    else:
        mark = decode_cursor(cursor, 2) if cursor else None
        rows = lists.by_me(session, actor, after=(mark[0], mark[1]) if mark else None, limit=size + 1)
    shown = rows[:size]
    record(session, actor, "activities.plans", ids=lists.shown_plans(shown))
    more = len(rows) > size
    following = encode_cursor([shown[-1].request.at, shown[-1].request.id]) if more else None
    return Items([_assistance(row.request) for row in shown], following)


@post("/{assistance_id:uuid}/accept", permission=WRITE, name="activities:api_accept")
def accept(session: Session, actor: Actor, assistance_id: UUID) -> AssistanceOut:
    """The plan is the caller's now."""
    assisting.accept(session, actor, assistance_id)
    return _assistance(assisting.get(session, assistance_id))


@post("/{assistance_id:uuid}/decline", permission=WRITE, name="activities:api_decline")
def decline(session: Session, actor: Actor, assistance_id: UUID, data: DeclineInput) -> AssistanceOut:
    """The plan stays where it is; whoever asked reads why."""
    assisting.decline(session, actor, assistance_id, data)
    return _assistance(assisting.get(session, assistance_id))


@post("/{assistance_id:uuid}/withdraw", permission=WRITE, name="activities:api_withdraw")
def withdraw(session: Session, actor: Actor, assistance_id: UUID) -> AssistanceOut:
    """Take one's own request back."""
    assisting.withdraw(session, actor, assistance_id)
    return _assistance(assisting.get(session, assistance_id))


def _question(row: Question) -> QuestionOut:
    return QuestionOut(**{name: getattr(row, name) for name in QuestionOut.__struct_fields__})


def _assistance(row: Assistance) -> AssistanceOut:
    return AssistanceOut(**{name: getattr(row, name) for name in AssistanceOut.__struct_fields__})


class PartOut(msgspec.Struct, kw_only=True):
    plan_id: UUID
    person: str
    state: str
    reason: str
    result: str


class NewTask(TaskInput, kw_only=True):
    customer_id: UUID


@post("/tasks", permission=WRITE, name="activities:api_task", status_code=201)
def give(session: Session, actor: Actor, data: NewTask) -> list[PartOut]:
    """The same task for several people; each accepts or declines at /assistance."""
    made = tasks.give(session, actor, data.customer_id, data)
    return [_part(part) for part in tasks.answers(session, made[0])]


@get("/{plan_id:uuid}/answers", permission=VIEW, name="activities:api_answers")
def answers(session: Session, actor: Actor, plan_id: UUID) -> list[PartOut]:
    """Of everybody who got the same task as the plan."""
    plan = queries.plan(session, plan_id).plan
    customer = customer_get(session, rights.require_customer(plan))
    customer_opened(
        session, actor, EntityRef("customers", "customer", customer.id, customer.name), customer.id, "activities.plans"
    )
    return [_part(part) for part in tasks.answers(session, plan)]


def _part(part: tasks.Part) -> PartOut:
    return PartOut(plan_id=part.plan.id, person=part.person, state=part.state, reason=part.reason, result=part.result)


OF_PLANS = [near, join, ask, give, answers]
REQUESTS = [requests, accept, decline, withdraw]
