"""One customer, one call: who means to call soon, and questions that go along with that call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from baton_plugins.activities import presets, queries, rights
from baton_plugins.activities.models import FollowUp, Plan
from baton_plugins.activities.queries import PlanRow
from baton_plugins.activities.together.models import Question
from msgspec import Meta
from sqlalchemy import select

from platform_core.api import (
    Actor,
    Customer,
    EntityRef,
    Invalid,
    Session,
    Setting,
    customer_get,
    customer_require_unrestricted,
    local,
    noop,
    notify,
    now,
    read_setting,
    record,
    translator,
)

_ = translator("activities")
MOST = 20
"""Questions of one call"""


def _check(days: int) -> str:
    return "" if 0 <= days <= 60 else _("Write a number from 0 to 60.")


DAYS = Setting(
    "activities.one_call_days",
    _.lazy("Within how many days a second call to a customer is warned of"),
    3,
    help=_.lazy("Whoever plans one may join the call that is planned already. 0: never."),
    check=_check,
)


class QuestionInput(msgspec.Struct, kw_only=True):
    """What is to be asked in the colleague's call."""

    text: Annotated[str, Meta(min_length=1, max_length=500)]


def near(session: Session, actor: Actor, customer_id: UUID, day: date, kind: str) -> list[PlanRow]:
    """Colleagues' open contacts with the customer within the days that the house has set; none for a mere note."""
    days = read_setting(session, DAYS)
    if not days or not presets.kind(session, kind).is_contact:
        return []
    return [row for row in joinable(session, actor, customer_id) if _apart(row, day) <= days]


def joinable(session: Session, actor: Actor, customer_id: UUID) -> list[PlanRow]:
    return [
        row
        for row in queries.open_plans(session, customer_id)
        if row.plan.assignee_id != actor.user_id and presets.kind(session, row.plan.kind).is_contact
    ]


def _apart(row: PlanRow, day: date) -> int:
    return abs((local(row.plan.due_at).date() - day).days)


def join(session: Session, actor: Actor, plan_id: UUID, data: QuestionInput) -> Question:
    """Have something asked in a colleague's call. Raises Conflict when that is over, Invalid for one's own."""
    rights.require_write(actor)
    plan = queries.lock_plan(session, plan_id)
    customer = customer_get(session, rights.require_customer(plan))
    customer_require_unrestricted(customer)
    message = ""
    if plan.assignee_id == actor.user_id:
        message = _("This is your own plan: write it into what is to be done.")
    elif plan.questions >= MOST:
        message = _("This call has %(limit)s questions already. Plan one of your own.", limit=MOST)
    if message:
        raise Invalid(message, fields={"text": message})
    question = Question(
        plan_id=plan.id, customer_id=plan.customer_id, engagement_id=plan.engagement_id, user_id=actor.user_id,
        user_label=actor.name, text=data.text,
    )  # fmt: skip
    session.add(question)
    plan.questions += 1
    queries.forget(session)
    ref = EntityRef("activities", "plan", plan.id)
    record(session, actor, "activities.join_plan", ref, customer_id=plan.customer_id)
    asked = noop("%(who)s has a question for your call with %(customer)s")
    _tell(session, [plan.assignee_id], asked, actor, customer, plan)
    return question


def of_plan(session: Session, plan: Plan) -> Sequence[Question]:
    """What the call sheet shows: open questions of colleagues, oldest first. No statement where there are none."""
    if not plan.questions:
        return []
    statement = select(Question).where(Question.plan_id == plan.id, Question.settled_at.is_(None))
    return session.scalars(statement.order_by(Question.at, Question.id).limit(MOST)).all()


def answered(session: Session, actor: Actor, customer: Customer, plan: Plan, follow_up: FollowUp | None) -> None:
    """The call has taken place, or will not (`follow_up` None): everybody who had a question hears of it."""
    questions = of_plan(session, plan)
    for question in questions:
        question.settled_at, question.follow_up_id = now(), follow_up.id if follow_up else None
    people = {question.user_id for question in questions} - {actor.user_id}
    message = noop("%(who)s has spoken with %(customer)s: the answer to your question is there")
    if follow_up is None:
        message = noop("%(who)s does not call %(customer)s: your question is still open")
    _tell(session, sorted(people), message, actor, customer, plan)


def _tell(session: Session, people: Sequence[UUID], message: str, actor: Actor, customer: Customer, plan: Plan) -> None:
    parameters = {"who": actor.name, "customer": customer.name}
    url = f"/customers/{customer.id}?plan={plan.id}"
    notify(session, people, "activities", message, parameters, url=url, icon="phone-call")
