"""Reports about follow-ups, and the tile of the reports page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pluggy
from baton_plugins.activities import presets
from baton_plugins.activities.cycles import reports as cycle_reports
from baton_plugins.activities.desk import results
from baton_plugins.activities.desk.telling import RIGHT
from baton_plugins.activities.models import FollowUp
from sqlalchemy import ColumnElement, func, select

from platform_core.api import (
    Actor,
    Customer,
    Linked,
    Report,
    ReportColumn,
    ReportFilter,
    ReportQuery,
    Session,
    User,
    Widget,
    customer_groups,
    day_number,
    day_start,
    number_text,
    person_choices,
    today,
    translator,
)

_ = translator("activities")
hookimpl = pluggy.HookimplMarker("baton")
VIEW = "activities.view"
LINES = "activities.follow_ups"
_PERSON = ReportFilter("person", _.lazy("Person"), lambda session, _actor: person_choices(session))


def _conditions(session: Session, actor: Actor, query: ReportQuery) -> list[ColumnElement[bool]]:
    """By author first: the index begins with them."""
    person = query.chosen.get("person")
    authors = FollowUp.author_id == UUID(person) if person else FollowUp.author_id.in_(select(User.id))
    days = (FollowUp.at >= day_start(query.first), FollowUp.at < day_start(query.last + timedelta(1)))
    return [authors, *days, *customer_groups.conditions(session, actor, query, FollowUp.customer_id)]


def rows_behind(person: UUID, first: date, last: date, group: str = "") -> str:
    asked = {"first": first, "last": last, "person": person, **({"group": group} if group else {})}
    return f"/reports/{LINES}?{urlencode(asked)}"


def _per_day(session: Session, actor: Actor, query: ReportQuery) -> Sequence[Sequence[Any]]:
    statement = (
        select(
            day_number(FollowUp.at, query.first, query.last).label("day"),
            FollowUp.author_id,
            func.max(FollowUp.author_label).label("author"),
            func.count().label("number"),
            func.count(FollowUp.customer_id.distinct()).label("customers"),
        )
        .where(*_conditions(session, actor, query))
        .group_by("day", FollowUp.author_id)
        .order_by("day", "author", FollowUp.author_id)
        .limit(query.limit)
    )
    rows = []
    for row in session.execute(statement):
        day = query.first + timedelta(row.day)
        number = Linked(row.number, rows_behind(row.author_id, day, day, query.chosen.get("group", "")))
        rows.append((day, row.author, number, row.customers))
    return rows


def _lines(session: Session, actor: Actor, query: ReportQuery) -> Sequence[Sequence[Any]]:
    statement = (
        select(FollowUp.at, FollowUp.author_label, FollowUp.kind, FollowUp.outcome, Customer.id, Customer.name)
        .join(Customer, Customer.id == FollowUp.customer_id)
        .where(*_conditions(session, actor, query))
        .order_by(FollowUp.at.desc(), FollowUp.id)
        .limit(query.limit)
    )
    return [
        (
            row.at,
            row.author_label,
            Linked(row.name, f"/customers/{row.id}"),
            presets.kind(session, row.kind).label,
            outcome.label if (outcome := presets.outcome(session, row.outcome)) else row.outcome,
        )
        for row in session.execute(statement)
    ]


def _departments(session: Session, actor: Actor) -> list[tuple[str, str]]:
    return [(str(key), name) for key, name in results.departments(session, actor)]


def _team(session: Session, actor: Actor, query: ReportQuery) -> Sequence[Sequence[Any]]:
    named: dict[UUID | None, str] = dict(results.departments(session, actor))
    chosen = query.chosen.get("department")
    among = [UUID(chosen)] if chosen else [key for key in named if key is not None]
    return [
        (
            named.get(line.department_id, ""),
            Linked(line.name, rows_behind(line.id, query.first, query.last)),
            line.overdue,
            line.due,
            line.done,
            line.follow_ups,
            line.calls,
            line.last,
        )
        for line in results.of_people(session, among, query.first, query.last, limit=query.limit)
    ]


PER_DAY = Report(
    "activities.per_day",
    _.lazy("Follow-ups per person and day"),
    VIEW,
    (
        ReportColumn(_.lazy("Day"), "day"),
        ReportColumn(_.lazy("Person")),
        ReportColumn(_.lazy("Follow-ups"), "number", total=True),
        ReportColumn(_.lazy("Customers"), "number"),
    ),
    _per_day,
    description=_.lazy("Who wrote how many, and about how many customers."),
    filters=(_PERSON, customer_groups.FILTER),
    dated=True,
    order=10,
)
FOLLOW_UPS = Report(
    LINES,
    _.lazy("Follow-ups one by one"),
    VIEW,
    (
        ReportColumn(_.lazy("When"), "moment"),
        ReportColumn(_.lazy("Person")),
        ReportColumn(_.lazy("Customer")),
        ReportColumn(_.lazy("Kind")),
        ReportColumn(_.lazy("Outcome")),
    ),
    _lines,
    description=_.lazy("Latest first; what was said stands on the customer's page."),
    filters=(_PERSON, customer_groups.FILTER),
    dated=True,
    order=20,
)
TEAM = Report(
    "activities.team",
    _.lazy("Plans and results of each person"),
    RIGHT,
    (
        ReportColumn(_.lazy("Department")),
        ReportColumn(_.lazy("Person")),
        ReportColumn(_.lazy("Overdue"), "number", total=True),
        ReportColumn(_.lazy("Still to do"), "number", total=True),
        ReportColumn(_.lazy("Plans done"), "number", total=True),
        ReportColumn(_.lazy("Follow-ups"), "number", total=True),
        ReportColumn(_.lazy("Calls"), "number", total=True),
        ReportColumn(_.lazy("Last written"), "moment"),
    ),
    _team,
    description=_.lazy("What everybody of a department has to do and has done in the period."),
    filters=(ReportFilter("department", _.lazy("Department"), _departments),),
    dated=True,
    order=5,
)


@hookimpl
def baton_reports() -> list[Report]:
    return [TEAM, PER_DAY, FOLLOW_UPS, *cycle_reports.REPORTS]


@hookimpl
def baton_dashboard_widgets(session: Session, actor: Actor) -> list[Widget]:
    if not actor.can(VIEW):
        return []
    day = today()
    mine = select(func.count()).select_from(FollowUp)
    number = session.scalar(mine.where(FollowUp.author_id == actor.user_id, FollowUp.at >= day_start(day))) or 0
    url = rows_behind(actor.user_id, day, day)
    return [Widget("activities.today", _("My follow-ups today"), number_text(number), url=url, order=10)]
