"""The relay board: open legs by department, most urgent first, a bounded number in each column; and their counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select, true, union_all
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers.models import Customer
from platform_core.kernel.scope import proven, visible
from platform_core.relay import queries
from platform_core.relay.models import Engagement, Leg, Route, RouteStep
from platform_core.relay.queries import EngagementView, LegView
from platform_core.users.models import Department

PER_COLUMN = 8
MOST_COLUMNS = 8
COUNTED = 1000
"""Rows that are looked at for one department's numbers."""
_OPEN = ("offered", "active")
_PROOF = proven("each part carries the predicate of the asking actor")
_deadline: ColumnElement[Any] = case((Leg.state == "offered", Leg.accept_due_at), else_=Leg.due_at)

Mark = tuple[datetime, UUID]
"""Where a column is continued: the deadline and the leg of its last card."""


@dataclass(frozen=True, slots=True)
class Card:
    """An open leg with the engagement that it belongs to."""

    view: EngagementView
    item: LegView
    customer: str


@dataclass(slots=True)
class Counts:
    """Of one department's open legs, as far as the actor sees them. `capped`: there are more than were counted."""

    offered: int = 0
    active: int = 0
    late: int = 0
    oldest: datetime | None = None
    """Since when the first of those that wait has been waiting."""

    @property
    def total(self) -> int:
        return self.offered + self.active

    @property
    def capped(self) -> bool:
        return self.total >= COUNTED


@dataclass(slots=True)
class BoardColumn:
    """One department's open legs; `more` continues them, where there are more than shown."""

    department_id: UUID
    name: str
    cards: list[Card] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    more: Mark | None = None


def departments_of(session: Session, route_id: UUID | None) -> list[tuple[UUID, str]]:
    """The departments on the routes in use, or on one of them, in the order in which they have their turn."""
    statement = (
        select(Department.id, Department.name)
        .join(RouteStep, RouteStep.department_id == Department.id)
        .join(Route, Route.id == RouteStep.route_id)
        .where(Route.active, Route.id == route_id if route_id else true())
        .group_by(Department.id, Department.name, Department.order)
        .order_by(func.min(RouteStep.position), Department.order, Department.id)
        .limit(MOST_COLUMNS + 1)
    )
    return [(key, name) for key, name in session.execute(statement)]


def read(
    session: Session, actor: Actor, departments: Sequence[tuple[UUID, str]], route_id: UUID | None,
    after: Mark | None = None,
) -> list[BoardColumn]:  # fmt: skip
    """A column for each department. Two statements, whatever their number; a third for names not yet cached."""
    columns = {key: BoardColumn(key, name) for key, name in departments}
    if not columns:
        return []
    parts = [_cards(actor, key, route_id, after).subquery() for key in columns]
    rows = session.execute(union_all(*(select(part) for part in parts)).execution_options(**_PROOF)).all()
    views = queries.views_by_ids(session, list(dict.fromkeys(row.engagement_id for row in rows)))
    legs = {item.leg.id: (view, item) for view in views for item in view.legs}
    for row in sorted(rows, key=lambda row: (row.at, row.leg_id)):
        column = columns[row.department_id]
        if len(column.cards) == PER_COLUMN:
            last = column.cards[-1].item.leg
            column.more = (last.accept_due_at if last.state == "offered" else last.due_at, last.id)  # type: ignore[assignment]
        elif row.leg_id in legs:
            column.cards.append(Card(*legs[row.leg_id], row.customer))
    return list(columns.values())


def _seen(actor: Actor, department_id: UUID, route_id: UUID | None, *columns: Any) -> Select[Any]:
    """A department's open legs that the actor sees."""
    theirs = visible(Leg, actor)
    return (
        select(*columns)
        .join(Engagement, Engagement.id == Leg.engagement_id)
        .join(Customer, Customer.id == Leg.customer_id)
        .where(Leg.department_id == department_id, Leg.state.in_(_OPEN), Engagement.state == "open")
        .where(Customer.deleted_at.is_(None), true() if theirs is None else theirs)
        .where(Engagement.route_id == route_id if route_id else true())
    )


def _cards(actor: Actor, department_id: UUID, route_id: UUID | None, after: Mark | None) -> Select[Any]:
    chosen = (
        Leg.id.label("leg_id"), Leg.engagement_id, Leg.department_id, Customer.name.label("customer"),
        _deadline.label("at"),
    )  # fmt: skip
    statement = _seen(actor, department_id, route_id, *chosen).order_by(_deadline, Leg.id).limit(PER_COLUMN + 1)
    if after is None:
        return statement
    moment, key = after
    return statement.where(or_(_deadline > moment, and_(_deadline == moment, Leg.id > key)))


def counts(
    session: Session, actor: Actor, department_ids: Sequence[UUID], route_id: UUID | None = None
) -> dict[UUID, Counts]:
    """The numbers of some departments, each of at most COUNTED legs. One statement."""
    found = {key: Counts() for key in department_ids}
    if not found:
        return found
    parts = [_numbers(actor, key, number, route_id) for number, key in enumerate(found)]
    for number, state, rows, late, oldest in session.execute(union_all(*parts).execution_options(**_PROOF)):
        counted = found[department_ids[number]]
        setattr(counted, state, rows)
        counted.late += late or 0
        if state == "offered":
            counted.oldest = oldest
    return found


def _numbers(actor: Actor, department_id: UUID, number: int, route_id: UUID | None) -> Select[Any]:
    late = case((Leg.late, 1), else_=0).label("late")
    looked = _seen(actor, department_id, route_id, Leg.state, late, Leg.offered_at).limit(COUNTED).subquery()
    columns = (literal(number), looked.c.state, func.count(), func.sum(looked.c.late), func.min(looked.c.offered_at))
    return select(*columns).group_by(looked.c.state)
