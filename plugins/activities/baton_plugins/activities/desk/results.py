"""What people have to do and have done in a period: of one department person by person, or of each department."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from baton_plugins.activities.desk import lists
from baton_plugins.activities.models import FollowUp, Plan
from sqlalchemy import and_, case, func, select

from platform_core.api import Actor, Department, Session, User, day_start, now

_SUMS = ("overdue", "due", "done", "follow_ups", "calls", "yesterday")


@dataclass(frozen=True, slots=True)
class Line:
    """Of a person or of a whole department. On its page each number leads to its rows."""

    id: UUID
    name: str
    department_id: UUID | None = None
    overdue: int = 0
    due: int = 0
    """Open plans of the period"""
    done: int = 0
    """Plans that were answered"""
    follow_ups: int = 0
    calls: int = 0
    yesterday: int = 0
    """Follow-ups of the day before the period"""
    last: Any = None
    """When they last wrote something down"""


def departments(session: Session, actor: Actor) -> list[tuple[UUID, str]]:
    """Those that the actor is the head of, or above."""
    statement = (
        select(Department.id, Department.name).where(Department.active).order_by(Department.order, Department.name)
    )
    covered = lists.departments_of(actor)
    if covered is not None:
        statement = statement.where(Department.id.in_(sorted(covered)))
    return [(key, name) for key, name in session.execute(statement)]


def of_people(session: Session, among: Collection[UUID], first: date, last: date, *, limit: int) -> list[Line]:
    """People of these departments, by name; three statements, however many they are."""
    people = session.execute(
        select(User.id, User.name, User.department_id)
        .where(*_working_in(among))
        .order_by(User.name, User.id)
        .limit(limit)
    ).all()
    numbers = _numbers(session, among, first, last)
    return [Line(key, name, department, **numbers[key]) for key, name, department in people]


def of_departments(session: Session, among: Sequence[tuple[UUID, str]], first: date, last: date) -> list[Line]:
    """Each department in the order given, with the sums of its people."""
    ids = [key for key, _name in among]
    working = select(User.id, User.department_id).where(*_working_in(ids))
    where: dict[UUID, Any] = dict(session.execute(working).all())
    found = {key: Line(key, name, key) for key, name in among}
    for person, numbers in _numbers(session, ids, first, last).items():
        line = found[where[person]]
        sums: dict[str, Any] = {name: getattr(line, name) + numbers.get(name, 0) for name in _SUMS}
        latest = max(filter(None, (line.last, numbers.get("last"))), default=None)
        found[line.id] = replace(line, **sums, last=latest)
    return list(found.values())


def _working_in(among: Collection[UUID]) -> tuple[Any, Any]:
    return User.department_id.in_(sorted(among)), User.status == "active"


def _numbers(session: Session, among: Collection[UUID], first: date, last: date) -> dict[UUID, dict[str, Any]]:
    """Person -> what is counted of them; nothing where there is nothing. Two statements."""
    since, until, moment = day_start(first), day_start(last + timedelta(days=1)), now()
    before, within = day_start(first - timedelta(days=1)), FollowUp.at >= since
    people = select(User.id).where(*_working_in(among))
    planned = (
        select(
            Plan.assignee_id.label("person"),
            func.count(case((Plan.due_at < moment, 1))).label("overdue"),
            func.count(case((Plan.due_at >= since, 1))).label("due"),
        )
        .where(Plan.assignee_id.in_(people), Plan.state == "open", Plan.due_at < until)
        .group_by(Plan.assignee_id)
    )
    written = (
        select(
            FollowUp.author_id.label("person"),
            func.count(case((within, 1))).label("follow_ups"),
            func.count(case((and_(within, FollowUp.kind == "call"), 1))).label("calls"),
            func.count(case((and_(within, FollowUp.unplanned.is_(False)), 1))).label("done"),
            func.count(case((FollowUp.at < since, 1))).label("yesterday"),
            func.max(case((within, FollowUp.at))).label("last"),
        )
        .where(FollowUp.author_id.in_(people), FollowUp.at >= before, FollowUp.at < until)
        .group_by(FollowUp.author_id)
    )
    numbers: dict[UUID, dict[str, Any]] = defaultdict(dict)
    for statement in (planned, written):
        for row in session.execute(statement).mappings():
            numbers[row["person"]] |= {name: value for name, value in row.items() if name != "person"}
    return numbers
