"""What the pages of care show: the week ahead as the night will find it, and one customer."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from baton_plugins.care import calendars, expanding, sending
from baton_plugins.care.models import CustomerDate, Greeting, Occasion, Wish
from baton_plugins.care.sending import Row, Verdict
from sqlalchemy import func, literal, select, union_all

from platform_core.api import AnySelect, Customer, Session, proven, readable, today

DAYS = 7
SHOWN = 100
"""Customers by name for a day and an occasion"""
_PROOF = proven("each part carries the policy of customers")


@dataclass(slots=True)
class Kept:
    """An occasion on a day: how many customers are greeted, the first of them by name."""

    occasion: Occasion
    day: date
    number: int = 0
    verdicts: list[Verdict] = field(default_factory=list)


def week(session: Session, first: date | None = None) -> list[tuple[date, list[Kept]]]:
    """By day, from today on, within what the reader sees; the night greets the same customers.

    Of two occasions of a customer on one day the first counts, as it does at night.
    """
    begins = first or today()
    active = expanding.occasions(session)
    parts: list[AnySelect] = []
    for at in range(DAYS):
        day = begins + timedelta(days=at)
        for place, occasion in enumerate(active):
            whom = expanding.due(occasion, day)
            if whom is not None:
                parts.append(_part(session, whom, place, at))
    found: dict[tuple[int, int], Kept] = {}
    if parts:
        _read(session, parts, active, begins, found)
    by_day: dict[date, list[Kept]] = defaultdict(list)
    for _place, kept in sorted(found.items()):
        by_day[kept.day].append(kept)
    return sorted(by_day.items())


def _part(session: Session, whom: AnySelect, place: int, at: int) -> AnySelect:
    """(place of the occasion, day, customer, how many), the first by name and the number of all."""
    if (allowed := readable(session, Customer)) is not None:
        whom = whom.where(allowed)
    columns = (literal(at).label("at"), literal(place).label("place"), Customer.id.label("id"))
    first = whom.with_only_columns(*columns, func.count().over().label("number")).order_by(Customer.name_key)
    return select(first.limit(SHOWN).subquery())


def _read(
    session: Session, parts: list[AnySelect], active: Any, begins: date, found: dict[tuple[int, int], Kept]
) -> None:
    due = union_all(*parts).subquery()
    statement = sending.reading().join(due, due.c.id == Customer.id).add_columns(due.c.at, due.c.place, due.c.number)
    greeted: set[tuple[int, UUID]] = set()
    shown: list[tuple[Kept, Row]] = []
    for *columns, at, place, number in session.execute(
        statement.order_by(due.c.at, due.c.place), execution_options=_PROOF
    ):
        row = Row(*columns)
        kept = found.setdefault((at, place), Kept(active[place], begins + timedelta(days=at), number))
        if (at, row.customer_id) in greeted:
            kept.number -= 1
            continue
        greeted.add((at, row.customer_id))
        shown.append((kept, row))
    verdicts = sending.judged(session, [(kept.occasion, row) for kept, row in shown])
    for (kept, _row), verdict in zip(shown, verdicts, strict=True):
        kept.verdicts.append(verdict)


def dates_of(session: Session, customer_id: UUID) -> dict[UUID, CustomerDate]:
    rows = session.scalars(select(CustomerDate).where(CustomerDate.customer_id == customer_id))
    return {row.occasion_id: row for row in rows}


def day_of(kept: CustomerDate) -> date:
    """The day of the common calendar on which it was, as the form asks for it."""
    if kept.lunar:
        return calendars.lunar_day(kept.year, kept.month, kept.day, leap=kept.leap)
    return calendars.solar_day(kept.year, kept.month, kept.day)


def wishes_of(session: Session, customer_id: UUID) -> set[UUID]:
    return set(session.scalars(select(Wish.occasion_id).where(Wish.customer_id == customer_id)))


def greetings_of(session: Session, customer_id: UUID) -> list[Any]:
    """(occasion, day, state, why), the latest first."""
    statement = (
        select(Occasion.name, Greeting.day, Greeting.state, Greeting.why)
        .join(Occasion, Occasion.id == Greeting.occasion_id)
        .where(Greeting.customer_id == customer_id)
        .order_by(Greeting.day.desc())
        .limit(20)
    )
    return list(session.execute(statement))


def next_day(occasion: Occasion) -> date | None:
    """When a holiday comes next."""
    if occasion.kind not in expanding.HOLIDAYS:
        return None
    days = (expanding.day_of(occasion, year) for year in range(today().year, today().year + 3))
    return min((day for day in days if day is not None and day >= today()), default=None)


def by_rule(occasion: Occasion, year: int) -> date | None:
    return calendars.holiday(occasion.kind, occasion.rule, year) if occasion.kind in expanding.HOLIDAYS else None
