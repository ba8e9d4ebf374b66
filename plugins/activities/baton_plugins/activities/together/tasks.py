"""One task for several people: each accepts or declines, and whoever gave it sees all answers side by side.

A part that nobody has accepted yet is a plan in the state `asked`: in nobody's list, reminded of to nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from baton_plugins.activities import about, dates, plans, presets, rights
from baton_plugins.activities.forms import Code, Time
from baton_plugins.activities.models import FollowUp, Plan
from baton_plugins.activities.together import assisting
from baton_plugins.activities.together.assisting import AssistInput
from baton_plugins.activities.together.models import Assistance
from msgspec import Meta
from sqlalchemy import and_, select

from platform_core.api import (
    Actor,
    Customer,
    Invalid,
    Session,
    User,
    customer_get,
    customer_require_unrestricted,
    new_id,
    translator,
)

_ = translator("activities")
MOST = 30
CAUSE = "task"


class TaskInput(msgspec.Struct, kw_only=True):
    """Please do this, each of you."""

    subject: Annotated[str, Meta(min_length=1, max_length=200)]
    people: list[UUID]
    """Oneself may be among them."""
    on: date
    time: Time | None = None
    kind: Code = "call"
    contact_id: UUID | None = None
    engagement_id: UUID | None = None
    opportunity_id: UUID | None = None
    note: Annotated[str, Meta(max_length=500)] = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What one person was asked, and what they answered."""

    plan: Plan
    person: str
    state: str
    """asked, accepted, declined, withdrawn, done or cancelled; `open` of one's own part"""
    reason: str = ""
    result: str = ""


@dataclass(frozen=True, slots=True)
class _Known:
    """What all parts have in common, checked."""

    subject: about.About
    due: dates.Due
    contact: str


def give(session: Session, actor: Actor, customer_id: UUID, data: TaskInput) -> list[Plan]:
    """A plan for each person. Raises Invalid at `people` for everybody who cannot do it, with what would help."""
    rights.require_write(actor)
    customer = customer_get(session, customer_id)
    customer_require_unrestricted(customer)
    subject = about.checked(session, actor, customer.id, data.engagement_id, data.opportunity_id)
    people = list(dict.fromkeys(data.people))
    _check(session, people, data.kind)
    due, task_id = plans.in_future(data.on, data.time, field="on"), new_id()
    known = _Known(subject, due, plans.contact_label(session, customer.id, data.contact_id))
    made, refused = [], []
    for user_id in people:
        plan = _part(session, actor, customer, data, known, mine=user_id == actor.user_id)
        plan.task_id = task_id
        made.append(plan)
        if user_id != actor.user_id:
            try:
                assisting.ask_about(session, actor, plan, AssistInput(user_id=user_id, note=data.note))
            except Invalid as error:
                refused.append(error.message)
    if refused:
        raise Invalid(refused[0], fields={"people": " ".join(refused)})
    plans.refresh_next(session, customer.id, *people)
    return made


def _check(session: Session, people: Sequence[UUID], kind: str) -> None:
    """Raises Invalid at the field."""
    message = ""
    if not people:
        message = _("Please choose from the list.")
    elif len(people) > MOST:
        message = _("At most %(limit)s people.", limit=MOST)
    if message:
        raise Invalid(message, fields={"people": message})
    if kind not in {known.code for known in presets.kinds(session)}:
        message = _("Please choose from the list.")
        raise Invalid(message, fields={"kind": message})


def _part(session: Session, actor: Actor, customer: Customer, data: TaskInput, known: _Known, *, mine: bool) -> Plan:
    subject, due = known.subject, known.due
    fields: dict[str, Any] = {
        "customer_id": customer.id, "engagement_id": subject.engagement_id, "opportunity_id": subject.opportunity_id,
        "opportunity_label": subject.label, "contact_id": data.contact_id, "contact_label": known.contact,
        "kind": data.kind, "subject": data.subject, "cause": CAUSE,
    }  # fmt: skip
    if mine:
        return plans.add(session, actor, due=due, **fields)
    return plans.add(session, actor, due=due, remind=[], state="asked", **fields)


def answers(session: Session, plan: Plan) -> list[Part]:
    """Of everybody who got the same task; of a plan that is no part of one, its own."""
    same = Plan.id == plan.id if plan.task_id is None else Plan.task_id == plan.task_id
    given = and_(Assistance.plan_id == Plan.id, Assistance.from_id == Plan.created_by)
    statement = (
        select(Plan, User.name, Assistance, FollowUp.body)
        .join(User, User.id == Plan.assignee_id)
        .outerjoin(Assistance, given)
        .outerjoin(FollowUp, FollowUp.id == Plan.follow_up_id)
        .where(same)
        .order_by(Plan.created_at, Plan.id, Assistance.at)
        .limit(2 * MOST)
    )
    found: dict[UUID, Part] = {}
    for row, name, request, body in session.execute(statement):
        if request is None:
            found[row.id] = Part(row, name, row.state, result=body or "")
        else:
            found[row.id] = Part(row, request.to_label, request.state, request.reason, body or "")
    return list(found.values())
