"""The head's view of the day: everybody's plans and results, live, of any department below and any period."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from baton_plugins.activities import reports
from baton_plugins.activities.desk import lists
from baton_plugins.activities.desk.telling import RIGHT
from baton_plugins.activities.models import FollowUp, Plan
from sqlalchemy import and_, case, func, select

from platform_core.api import (
    Actor,
    Department,
    Invalid,
    Request,
    Response,
    Routes,
    Session,
    User,
    bind,
    day_start,
    get,
    now,
    page,
    today,
    translator,
)

_ = translator("activities")
_PEOPLE = 200
_A_DAY = timedelta(days=1)
_LONGEST = 366
"""Days of a period"""


class Period(msgspec.Struct, kw_only=True):
    """Today where nothing is said."""

    department: UUID | None = None
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """What somebody has to do and has done in a period; each number leads to its rows."""

    user_id: UUID
    name: str
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


@get("/", permission=RIGHT, name="activities:team")
def team(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    department: str = "",
    first: str = "",
    last: str = "",
) -> Response[str]:
    bound = bind(Period, {"department": department, "first": first, "last": last})
    period = bound.value or Period()
    start, end = period.first or today(), period.last or period.first or today()
    if end < start:
        bound.add(Invalid("", fields={"last": _("The end is before the start.")}))
    elif (end - start).days >= _LONGEST:
        bound.add(Invalid("", fields={"last": _("At most a year at once.")}))
    departments = _departments(session, actor)
    chosen = period.department if period.department in dict(departments) else _usual(actor, departments)
    found = [] if bound.errors or chosen is None else lines(session, chosen, start, end)
    return page(
        request, "activities/team.html", partial="activities/_team.html", active="plans",
        status=422 if bound.errors else 200, form=bound, lines=found, departments=departments, department=chosen,
        signal=chosen.hex if chosen else "",
        first=start, last=end, is_today=start == end == today(), query=_query(chosen, period),
        done_url=lambda line: reports.rows_behind(line.user_id, start, end),
        before_url=lambda line: reports.rows_behind(line.user_id, start - _A_DAY, start - _A_DAY),
    )  # fmt: skip


def _query(department: UUID | None, period: Period) -> str:
    given = {"department": department, "first": period.first, "last": period.last}
    return urlencode({name: value for name, value in given.items() if value})


def _departments(session: Session, actor: Actor) -> list[tuple[UUID, str]]:
    """Those that the actor is the head of, or above."""
    statement = (
        select(Department.id, Department.name).where(Department.active).order_by(Department.order, Department.name)
    )
    covered = lists.departments_of(actor)
    if covered is not None:
        statement = statement.where(Department.id.in_(sorted(covered)))
    return [(key, name) for key, name in session.execute(statement)]


def _usual(actor: Actor, departments: list[tuple[UUID, str]]) -> UUID | None:
    known = [key for key, _name in departments]
    return actor.department_id if actor.department_id in known else (known[0] if known else None)


def lines(session: Session, department: UUID, first: date, last: date) -> list[Line]:
    """People of one department, by name; three statements, however many they are."""
    since, until, moment = day_start(first), day_start(last + timedelta(days=1)), now()
    before, within = day_start(first - timedelta(days=1)), FollowUp.at >= since
    people = session.execute(
        select(User.id, User.name)
        .where(User.department_id == department, User.status == "active")
        .order_by(User.name, User.id)
        .limit(_PEOPLE)
    ).all()
    ids = [key for key, _name in people]
    numbers: dict[UUID, dict[str, Any]] = defaultdict(dict)
    planned = (
        select(
            Plan.assignee_id.label("person"),
            func.count(case((Plan.due_at < moment, 1))).label("overdue"),
            func.count(case((Plan.due_at >= since, 1))).label("due"),
        )
        .where(Plan.assignee_id.in_(ids), Plan.state == "open", Plan.due_at < until)
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
        .where(FollowUp.author_id.in_(ids), FollowUp.at >= before, FollowUp.at < until)
        .group_by(FollowUp.author_id)
    )
    for statement in (planned, written):
        for row in session.execute(statement).mappings():
            numbers[row["person"]] |= {name: value for name, value in row.items() if name != "person"}
    return [Line(key, name, **numbers[key]) for key, name in people]


ROUTES = Routes("/team", [team])
