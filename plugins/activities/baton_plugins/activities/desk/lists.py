"""What stands in the lists beside one's own plans, each read by keyset within the actor's scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from baton_plugins.activities.models import FollowUp, Plan
from baton_plugins.activities.queries import PlanRow, plan_rows, soonest, with_people
from baton_plugins.activities.together.models import Assistance, Question
from baton_plugins.activities.urging.models import Urge
from sqlalchemy import ColumnElement, and_, func, or_, select, true

from platform_core.api import Actor, Customer, Department, Scope, Session, User, day_start, now, today

_BOUND = 100
"""Numbers beside the tabs are counted so far."""
_ANSWERED = timedelta(days=14)
"""How long an answered question stays in the list"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to take a plan over, with what it is about; `result`: what came of it."""

    request: Assistance
    row: PlanRow
    result: str = ""


@dataclass(frozen=True, slots=True)
class Along:
    """A question in a colleague's call."""

    question: Question
    row: PlanRow
    result: str = ""


@dataclass(frozen=True, slots=True)
class Numbers:
    """For the tabs at most _BOUND each; and what was done today."""

    mine: int
    asked: int
    delegated: int
    department: int
    urged: int
    follow_ups: int
    calls: int
    finished: int


def of_me(session: Session, actor: Actor, *, limit: int) -> list[Asked]:
    """Requests that wait for the actor's answer, oldest first."""
    statement = (
        select(Assistance, Plan, User.name, Department.name, Customer.name)
        .join(Plan, Plan.id == Assistance.plan_id)
        .join(Customer, Customer.id == Plan.customer_id)
        .join(User, User.id == Plan.assignee_id)
        .outerjoin(Department, Department.id == Plan.department_id)
        .where(Assistance.to_id == actor.user_id, Assistance.state == "asked", Plan.state.in_(["open", "asked"]))
        .order_by(Assistance.at, Assistance.id)
        .limit(limit)
    )
    return [
        Asked(request, PlanRow(plan, name, department or "", customer))
        for request, plan, name, department, customer in session.execute(statement)
    ]


def taken(session: Session, actor: Actor, *, limit: int) -> list[PlanRow]:
    """Open plans that the actor does for others, soonest first."""
    statement = soonest(
        with_people(), Plan.assignee_id == actor.user_id, Plan.state == "open", Plan.passed_on_by_label != "",
        after=None, limit=limit,
    )  # fmt: skip
    return plan_rows(session, statement)


def by_me(session: Session, actor: Actor, *, after: tuple[datetime, UUID] | None, limit: int) -> list[Asked]:
    """What the actor has asked colleagues to do, latest first, with the results."""
    statement = (
        select(Assistance, Plan, User.name, Department.name, Customer.name, FollowUp.body)
        .join(Plan, Plan.id == Assistance.plan_id)
        .join(Customer, Customer.id == Plan.customer_id)
        .join(User, User.id == Plan.assignee_id)
        .outerjoin(Department, Department.id == Plan.department_id)
        .outerjoin(FollowUp, FollowUp.id == Assistance.follow_up_id)
        .where(Assistance.from_id == actor.user_id)
        .order_by(Assistance.at.desc(), Assistance.id.desc())
        .limit(limit)
    )
    if after is not None:
        at, known = after
        statement = statement.where(or_(Assistance.at < at, and_(Assistance.at == at, Assistance.id < known)))
    return [
        Asked(request, PlanRow(plan, name, department or "", customer), body or "")
        for request, plan, name, department, customer, body in session.execute(statement)
    ]


def along(session: Session, actor: Actor, *, limit: int) -> list[Along]:
    """Questions that the actor has in colleagues' calls, and those answered lately."""
    statement = (
        select(Question, Plan, User.name, Department.name, Customer.name, FollowUp.body)
        .join(Plan, Plan.id == Question.plan_id)
        .join(Customer, Customer.id == Plan.customer_id)
        .join(User, User.id == Plan.assignee_id)
        .outerjoin(Department, Department.id == Plan.department_id)
        .outerjoin(FollowUp, FollowUp.id == Question.follow_up_id)
        .where(
            Question.user_id == actor.user_id,
            or_(Question.settled_at.is_(None), Question.settled_at > now() - _ANSWERED),
        )
        .order_by(Question.at.desc(), Question.id.desc())
        .limit(limit)
    )
    return [
        Along(question, PlanRow(plan, name, department or "", customer), body or "")
        for question, plan, name, department, customer, body in session.execute(statement)
    ]


@dataclass(frozen=True, slots=True)
class Part:
    """Which of the department's plans: of one person, between two moments."""

    person: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    after: tuple[datetime, UUID] | None = None


def departments_of(actor: Actor) -> frozenset[UUID] | None:
    """Those that the actor is the head of, or above; None is all.

    Whoever is none sees little of their department: looking for that among everybody's plans would take too long.
    """
    if actor.scope("activities.correct") == Scope.ALL:
        return None
    return actor.departments_for("activities.correct")


def of_department(session: Session, actor: Actor, part: Part, *, limit: int) -> list[PlanRow]:
    """Open plans of the departments that the actor is the head of, soonest first."""
    conditions = [Plan.state == "open", _within(actor)]
    if part.person is not None:
        conditions.append(Plan.assignee_id == part.person)
    if part.since is not None:
        conditions.append(Plan.due_at >= part.since)
    if part.until is not None:
        conditions.append(Plan.due_at < part.until)
    return plan_rows(session, soonest(with_people(), *conditions, after=part.after, limit=limit))


def _within(actor: Actor) -> ColumnElement[bool]:
    departments = departments_of(actor)
    if departments is None:
        return true()
    return Plan.department_id.in_(sorted(departments))


def numbers(session: Session, actor: Actor) -> Numbers:
    """In one statement; what waits is counted no further than it is shown."""
    soon = day_start(today() + timedelta(days=1))
    mine = (Plan.assignee_id == actor.user_id, Plan.state == "open", Plan.due_at < soon)
    parts = [
        select(Plan.id).where(*mine),
        select(Assistance.id).where(Assistance.to_id == actor.user_id, Assistance.state == "asked"),
        select(Assistance.id).where(Assistance.from_id == actor.user_id, Assistance.state.in_(["asked", "accepted"])),
        select(Plan.id).where(Plan.state == "open", Plan.due_at < soon, _within(actor)),
        select(Urge.id).where(Urge.to_id == actor.user_id, Urge.answered_at.is_(None)),
    ]
    counted = [select(func.count()).select_from(part.limit(_BOUND).subquery()).scalar_subquery() for part in parts]
    today_mine = (FollowUp.author_id == actor.user_id, FollowUp.at >= day_start(today()))
    done = [
        select(func.count()).select_from(FollowUp).where(*today_mine, *narrower).scalar_subquery()
        for narrower in ((), (FollowUp.kind == "call",), (FollowUp.unplanned.is_(False),))
    ]
    return Numbers(*session.execute(select(*counted, *done)).one())


def shown_plans(rows: Sequence[PlanRow | Asked | Along]) -> set[UUID]:
    """Customers, and contacts that stand alone, whose names stand in a list."""
    return {row.plan.person_id if isinstance(row, PlanRow) else row.row.plan.person_id for row in rows}
