"""Reports of the relay: how long each leg waits and lasts, and the legs behind these numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import mean, median
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pluggy
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, aliased

from platform_core.contracts.identity import Actor
from platform_core.contracts.reports import Linked, Report, ReportColumn, ReportFilter, ReportQuery
from platform_core.customers.groups import elsewhere as groups
from platform_core.customers.models import Customer
from platform_core.kernel.clock import day_start, now
from platform_core.kernel.i18n import translator
from platform_core.relay import route_services
from platform_core.relay.models import Engagement, Leg
from platform_core.relay.workdays import services as workdays
from platform_core.users import labels
from platform_core.users.models import Department, User

_ = translator("relay")
hookimpl = pluggy.HookimplMarker("baton")
VIEW, LEGS = "relay.view", "relay.legs"
_MOST = 20_000
"""Legs that are read for one report."""
_HOUR = timedelta(hours=1)


def _late() -> ColumnElement[bool]:
    """Taken over after its deadline, or still waiting past it."""
    return or_(Leg.accepted_at > Leg.accept_due_at, and_(Leg.state == "offered", Leg.accept_due_at < now()))


def _conditions(session: Session, actor: Actor, query: ReportQuery) -> list[ColumnElement[bool]]:
    """Legs that were offered on the days asked for."""
    found = [Leg.offered_at >= day_start(query.first), Leg.offered_at < day_start(query.last + timedelta(1))]
    if department := query.chosen.get("department"):
        found.append(Leg.department_id == UUID(department))
    if route := query.chosen.get("route"):
        found.append(Engagement.route_id == UUID(route))
    if late := query.chosen.get("late"):
        found.append(_late() if late == "yes" else ~_late())
    return [*found, *groups.conditions(session, actor, query, Leg.customer_id)]


@dataclass(slots=True)
class _Group:
    legs: int = 0
    late: int = 0
    hours: list[float] = field(default_factory=list)
    days: list[float] = field(default_factory=list)


def _times(session: Session, actor: Actor, query: ReportQuery) -> Sequence[Sequence[Any]]:
    """Waiting in working hours, until now for those that still wait; held in days, of those that are done."""
    known, moment = workdays.calendar(session), now()
    statement = (
        select(Department.id, Department.name, Leg.title, Leg.offered_at, Leg.accepted_at, Leg.closed_at, _late())
        .join(Engagement, Engagement.id == Leg.engagement_id)
        .join(Department, Department.id == Leg.department_id)
        .where(*_conditions(session, actor, query))
        .order_by(Leg.offered_at.desc())
        .limit(_MOST)
    )
    parts: dict[tuple[str, UUID, str], _Group] = {}
    for key, name, title, offered, accepted, closed, late in session.execute(statement):
        group = parts.setdefault((name, key, title), _Group())
        group.legs += 1
        group.late += bool(late)
        group.hours.append(known.between(offered or moment, accepted or moment) / _HOUR)
        if accepted and closed:
            group.days.append((closed - accepted) / timedelta(days=1))
    return [_row(query, *place, group) for place, group in sorted(parts.items())][: query.limit]


def _row(query: ReportQuery, department: str, key: UUID, title: str, group: _Group) -> tuple[Any, ...]:
    asked = {"first": query.first, "last": query.last, **query.chosen, "department": str(key)}
    return (
        department,
        title,
        Linked(group.legs, f"/reports/{LEGS}?{urlencode(asked)}"),
        round(mean(group.hours)),
        round(median(group.hours)),
        Linked(group.late, f"/reports/{LEGS}?{urlencode({**asked, 'late': 'yes'})}"),
        round(100 * (group.legs - group.late) / group.legs),
        round(mean(group.days)) if group.days else None,
    )


def _legs(session: Session, actor: Actor, query: ReportQuery) -> Sequence[Sequence[Any]]:
    known, moment, person = workdays.calendar(session), now(), aliased(User)
    statement = (
        select(Leg, Engagement.id, Engagement.title, Customer.name, Department.name, person.name)
        .join(Engagement, Engagement.id == Leg.engagement_id)
        .join(Customer, Customer.id == Leg.customer_id)
        .join(Department, Department.id == Leg.department_id)
        .outerjoin(person, person.id == Leg.assignee_id)
        .where(*_conditions(session, actor, query))
        .order_by(Leg.offered_at.desc(), Leg.id)
        .limit(query.limit)
    )
    rows = []
    for leg, engagement_id, title, customer, department, holder in session.execute(statement):
        waited = known.between(leg.offered_at or moment, leg.accepted_at or moment)
        row = (
            leg.offered_at, Linked(customer, f"/customers/{leg.customer_id}"),
            Linked(title, f"/engagements/{engagement_id}"), department, holder or "", leg.accepted_at,
            round(waited / _HOUR), leg.days, leg.closed_at,
        )  # fmt: skip
        rows.append(row)
    return rows


_FILTERS = (
    ReportFilter("department", _.lazy("Department"), lambda session, _actor: labels.department_choices(session)),
    ReportFilter(
        "route",
        _.lazy("Route"),
        lambda session, _actor: [(str(route.id), route.name) for route in route_services.routes(session)],
    ),
    ReportFilter("late", _.lazy("Taken over"), lambda _session, _actor: [("yes", _("too late")), ("no", _("in time"))]),
    groups.FILTER,
)
TIMES = Report(
    "relay.lead_times",
    _.lazy("Lead times of the relay"),
    VIEW,
    (
        ReportColumn(_.lazy("Department")),
        ReportColumn(_.lazy("Leg")),
        ReportColumn(_.lazy("Offered"), "number", total=True),
        ReportColumn(_.lazy("Working hours until taken over, average"), "number"),
        ReportColumn(_.lazy("Median"), "number"),
        ReportColumn(_.lazy("Too late"), "number", total=True),
        ReportColumn(_.lazy("In time"), "percent"),
        ReportColumn(_.lazy("Days held, average"), "number"),
    ),
    _times,
    description=_.lazy("Legs offered on these days, the latest 20,000 at most; each number leads to its legs."),
    filters=_FILTERS,
    dated=True,
    order=10,
)
ONE_BY_ONE = Report(
    LEGS,
    _.lazy("Legs one by one"),
    VIEW,
    (
        ReportColumn(_.lazy("Offered"), "moment"),
        ReportColumn(_.lazy("Customer")),
        ReportColumn(_.lazy("Engagement")),
        ReportColumn(_.lazy("Department")),
        ReportColumn(_.lazy("Holder")),
        ReportColumn(_.lazy("Taken over"), "moment"),
        ReportColumn(_.lazy("Working hours waited"), "number"),
        ReportColumn(_.lazy("Days held"), "number"),
        ReportColumn(_.lazy("Handed over"), "moment"),
    ),
    _legs,
    description=_.lazy("Latest first."),
    filters=_FILTERS,
    dated=True,
    order=20,
)


@hookimpl
def baton_reports() -> list[Report]:
    return [TIMES, ONE_BY_ONE]
