"""Reports of what was collected: how many customers and leads each person brought in on a day, and which."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pluggy
from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.contracts.reports import Linked, Report, ReportColumn, ReportFilter, ReportQuery
from platform_core.customers import reach
from platform_core.customers.groups import elsewhere as groups
from platform_core.customers.models import Customer
from platform_core.kernel import dictionaries
from platform_core.kernel.clock import day_start
from platform_core.kernel.daynumbers import day_number
from platform_core.kernel.i18n import translator
from platform_core.users import labels

_ = translator("customers")
hookimpl = pluggy.HookimplMarker("baton")
ONES = "customers.collected_ones"
_WRITTEN = "collected"
_WAYS = {"typed": _.lazy("one by one"), "import": _.lazy("by import")}


def _by_written(query: ReportQuery) -> bool:
    return query.chosen.get("by") == _WRITTEN


def _conditions(session: Session, actor: Actor, query: ReportQuery) -> list[ColumnElement[bool]]:
    """Records that count for the days asked for and are still there, wherever they are by now."""
    found: list[ColumnElement[bool]] = [Customer.deleted_at.is_(None)]
    if _by_written(query):
        found.append(Customer.collected_on.between(query.first, query.last))
    else:
        found += [
            Customer.created_at >= day_start(query.first), Customer.created_at < day_start(query.last + timedelta(1))
        ]  # fmt: skip
    if person := query.chosen.get("person"):
        found.append(Customer.created_by == UUID(person))
    if source := query.chosen.get("source"):
        found.append(Customer.source == source)
    if way := query.chosen.get("way"):
        found.append(Customer.batch_id.is_not(None) if way == "import" else Customer.batch_id.is_(None))
    return [*found, *groups.conditions(session, actor, query, Customer.id)]


def _per_day(session: Session, actor: Actor, query: ReportQuery) -> Sequence[Sequence[Any]]:
    written = _by_written(query)
    of_day: Any = Customer.collected_on if written else day_number(Customer.created_at, query.first, query.last)
    statement = (
        select(
            of_day.label("day"),
            Customer.created_by,
            func.count().label("number"),
            func.sum(case((Customer.batch_id.is_not(None), 1), else_=0)).label("imported"),
            func.sum(case((Customer.phone_mask != "", 1), else_=0)).label("callable"),
        )
        .where(*_conditions(session, actor, query))
        .group_by("day", Customer.created_by)
        .order_by("day", Customer.created_by)
        .limit(query.limit)
    )
    found = session.execute(statement).all()
    names = labels.labels(session, [row.created_by for row in found])
    rows = []
    for row in found:
        day = row.day if written else query.first + timedelta(row.day)
        typed = row.number - row.imported
        counts = ((row.number, ""), (typed, "typed"), (row.imported, "import"))
        linked = (_linked(number, day, query, row.created_by, way) for number, way in counts)
        rows.append((day, names.person(row.created_by) or _("unknown"), *linked, row.callable))
    return rows


def _linked(number: int, day: date, query: ReportQuery, person: UUID | None, way: str) -> Linked | int:
    """To the records, where there are some and one can ask for just these."""
    if not number or person is None:
        return number
    asked = {**query.chosen, "person": str(person), **({"way": way} if way else {})}
    return Linked(number, f"/reports/{ONES}?{urlencode({'first': day, 'last': day, **asked})}")


def _one_by_one(session: Session, actor: Actor, query: ReportQuery) -> Sequence[Sequence[Any]]:
    columns = (
        Customer.id, Customer.name, Customer.created_at, Customer.collected_on, Customer.created_by, Customer.source,
        Customer.batch_id, Customer.owner_id,
    )  # fmt: skip
    statement = select(*columns).where(*_conditions(session, actor, query))
    latest: Any = Customer.collected_on if _by_written(query) else Customer.created_at
    found = session.execute(statement.order_by(latest.desc(), Customer.id).limit(query.limit)).all()
    names = labels.labels(session, [key for row in found for key in (row.created_by, row.owner_id)])
    sources = dictionaries.entries(session, "customers.source")
    return [
        (
            row.created_at, row.collected_on, names.person(row.created_by), Linked(row.name, f"/customers/{row.id}"),
            entry.label if (entry := sources.get(row.source)) else row.source,
            str(_WAYS["import" if row.batch_id else "typed"]), names.person(row.owner_id) or _("Pool"),
        )
        for row in found
    ]  # fmt: skip


_FILTERS = (
    ReportFilter("person", _.lazy("Collected by"), lambda session, _actor: labels.person_choices(session)),
    ReportFilter(
        "by",
        _.lazy("Counted by"),
        lambda _session, _actor: [(_WRITTEN, _("the day written as collected"))],
        empty=_.lazy("the day of entry"),
    ),
    ReportFilter("source", _.lazy("Source"), lambda session, _actor: dictionaries.choices(session, "customers.source")),
    ReportFilter("way", _.lazy("How"), lambda _session, _actor: [(code, str(label)) for code, label in _WAYS.items()]),
    groups.FILTER,
)
PER_DAY = Report(
    "customers.collected",
    _.lazy("Collected per person and day"),
    reach.PERMISSION,
    (
        ReportColumn(_.lazy("Day"), "day"),
        ReportColumn(_.lazy("Collected by")),
        ReportColumn(_.lazy("Customers and leads"), "number", total=True),
        ReportColumn(_.lazy("one by one"), "number", total=True),
        ReportColumn(_.lazy("by import"), "number", total=True),
        ReportColumn(_.lazy("With a phone number"), "number", total=True),
    ),
    _per_day,
    description=_.lazy(
        "Who added how many, by the day of entry or by the day that was written as collected; each number leads to "
        "them. Duplicates that were not saved do not count."
    ),
    filters=_FILTERS,
    dated=True,
    order=4,
)
ONE_BY_ONE = Report(
    ONES,
    _.lazy("Collected, one by one"),
    reach.PERMISSION,
    (
        ReportColumn(_.lazy("When"), "moment"),
        ReportColumn(_.lazy("Collected on"), "day"),
        ReportColumn(_.lazy("Collected by")),
        ReportColumn(_.lazy("Customer")),
        ReportColumn(_.lazy("Source")),
        ReportColumn(_.lazy("How")),
        ReportColumn(_.lazy("Owner")),
    ),
    _one_by_one,
    description=_.lazy("Latest first."),
    filters=_FILTERS,
    dated=True,
    order=5,
)


@hookimpl
def baton_reports() -> list[Report]:
    return [PER_DAY, ONE_BY_ONE]
