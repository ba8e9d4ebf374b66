"""What stands on the days of a calendar, within the reader's scope: each day bounded, with how much there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from baton_plugins.activities.diary.spans import DAY, MONTH, WEEK, Span
from baton_plugins.activities.diary.whose import Whose
from baton_plugins.activities.models import Plan
from baton_plugins.activities.queries import PlanRow, soonest
from sqlalchemy import ColumnElement, case, func, select

from platform_core.api import Customer, Department, Session, User, day_start

MOST = {DAY: 60, WEEK: 12, MONTH: 4}
"""Entries that a day shows, by the view it stands in"""
SHOWN = ("open", "done")


@dataclass(slots=True)
class Day:
    day: date
    rows: list[PlanRow] = field(default_factory=list)
    total: int = 0

    @property
    def more(self) -> int:
        """How many more there are than are shown."""
        return self.total - len(self.rows)


def days(session: Session, whose: Whose, span: Span) -> list[Day]:
    """In one statement, however many there are."""
    found = [Day(day) for day in span.days]
    ends = [day_start(day.day + timedelta(days=1)) for day in found]
    place: Any = case(*((Plan.due_at < end, number) for number, end in enumerate(ends)), else_=len(ends))
    numbered = (
        select(
            Plan.id,
            place.label("place"),
            func.row_number().over(partition_by=place, order_by=(Plan.due_at, Plan.id)).label("number"),
            func.count().over(partition_by=place).label("total"),
        )
        .where(*_of(whose), Plan.due_at >= day_start(span.first), Plan.due_at < ends[-1])
        .subquery()
    )
    statement = (
        _rows(numbered.c.place, numbered.c.total)
        .join(numbered, numbered.c.id == Plan.id)
        .where(numbered.c.number <= MOST[span.view])
        .order_by(numbered.c.place, numbered.c.number)
    )
    for plan, person, department, customer, number, total in session.execute(statement):
        found[number].rows.append(PlanRow(plan, person, department or "", customer))
        found[number].total = total
    return found


def of_day(
    session: Session, whose: Whose, day: date, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[PlanRow]:
    """Everything of a day, by keyset."""
    conditions = (*_of(whose), Plan.due_at >= day_start(day), Plan.due_at < day_start(day + timedelta(days=1)))
    rows = session.execute(soonest(_rows(), *conditions, after=after, limit=limit))
    return [PlanRow(plan, person, department or "", customer) for plan, person, department, customer in rows]


def customers(rows: Sequence[PlanRow]) -> set[UUID]:
    return {row.plan.customer_id for row in rows}


def _rows(*more: Any) -> Any:
    return (
        select(Plan, User.name, Department.name, Customer.name, *more)
        .join(Customer, Customer.id == Plan.customer_id)
        .join(User, User.id == Plan.assignee_id)
        .outerjoin(Department, Department.id == Plan.department_id)
    )


def _of(whose: Whose) -> tuple[ColumnElement[bool], ...]:
    mine = Plan.assignee_id == whose.person if whose.person else Plan.department_id == whose.department
    return mine, Plan.state.in_(SHOWN)
