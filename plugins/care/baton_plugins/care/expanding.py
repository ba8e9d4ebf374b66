"""Writing down whom the house greets on a day: one statement for each occasion, and the same again writes nothing.

A greeting is known by occasion, customer and year, and there is one a day at most for a customer: of two occasions
on one day the one that comes first in the house's order is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from baton_plugins.care import calendars
from baton_plugins.care.calendars import Match
from baton_plugins.care.models import CustomerDate, Greeting, Occasion, Wish, Wording
from sqlalchemy import ColumnElement, and_, case, exists, literal, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from platform_core.api import AnySelect, Customer, Session, proven

WHOLE = proven("the house's nightly work, of all customers")
_COUNTED = {**WHOLE, "preserve_rowcount": True}
HOLIDAYS = frozenset({"fixed", "nth", "lunar", "eve", "term"})


def occasions(session: Session) -> Sequence[Occasion]:
    """Those that are kept, in the order of their importance."""
    statement = select(Occasion).where(Occasion.active.is_(True)).order_by(Occasion.order, Occasion.name)
    return session.scalars(statement).all()


def day_of(occasion: Occasion, year: int) -> date | None:
    """When a holiday is kept in this year; None for not at all."""
    moved = occasion.moved.get(str(year))
    if moved is not None:
        return date.fromisoformat(moved) if moved else None
    return calendars.holiday(occasion.kind, occasion.rule, year)


def is_on(occasion: Occasion, day: date) -> bool:
    return any(day_of(occasion, year) == day for year in (day.year, day.year + 1))


def met(columns: Any, match: Match, prefix: str = "") -> ColumnElement[bool]:
    """Rows with month, day, lunar and leap whose date is kept on this day."""
    month, number = getattr(columns, f"{prefix}month"), getattr(columns, f"{prefix}day")
    is_lunar, is_leap = getattr(columns, f"{prefix}lunar"), getattr(columns, f"{prefix}leap")
    solar = and_(is_lunar.is_(False), or_(*(and_(month == one, number == other) for one, other in match.solar)))
    lunar = and_(is_lunar.is_(True), month == match.lunar_month, number.in_(match.lunar_days), is_leap.in_(match.leap))
    return or_(solar, lunar)


def due(occasion: Occasion, day: date) -> AnySelect | None:
    """(occasion, customer, year, day) of those to be greeted; None where the occasion is not on this day."""
    match = calendars.matching(day)
    kept: list[ColumnElement[bool]] = [Customer.deleted_at.is_(None), Customer.restricted_at.is_(None)]
    year: Any = literal(day.year)
    if occasion.kind == "birthday":
        kept += [Customer.birth_day.is_not(None), met(Customer, match, "birth_")]
        year = case((Customer.birth_lunar.is_(True), match.lunar_year), else_=day.year)
    elif occasion.kind == "anniversary":
        theirs = [CustomerDate.customer_id == Customer.id, CustomerDate.occasion_id == occasion.id]
        year = case((exists().where(*theirs, CustomerDate.lunar.is_(True)), match.lunar_year), else_=day.year)
        kept.append(exists().where(*theirs, met(CustomerDate, match), CustomerDate.year < year))
    elif is_on(occasion, day):
        year = literal(next(year for year in (day.year, day.year + 1) if day_of(occasion, year) == day))
        kept.append(Customer.phone_point_id.is_not(None))
    else:
        return None
    written = select(Wording.grade).where(Wording.occasion_id == occasion.id)
    everybody = exists().where(Wording.occasion_id == occasion.id, Wording.grade == "")
    kept.append(or_(everybody, Customer.grade.in_(written)))
    if occasion.sensitive:
        kept.append(exists().where(Wish.customer_id == Customer.id, Wish.occasion_id == occasion.id))
    return select(literal(occasion.id), Customer.id, year, literal(day)).where(*kept)


def expand(session: Session, day: date) -> int:
    """Of a system session. Returns how many greetings are new."""
    dialect: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    made = 0
    for occasion in occasions(session):
        whom = due(occasion, day)
        if whom is None:
            continue
        insert = dialect.insert(Greeting).from_select(["occasion_id", "customer_id", "year", "day"], whom)
        found: Any = session.execute(insert.on_conflict_do_nothing(), execution_options=_COUNTED)
        made += found.rowcount
    return made


def of_day(session: Session, day: date, limit: int) -> Sequence[Greeting]:
    """Those that still have to be sent."""
    statement = select(Greeting).where(Greeting.day == day, Greeting.state == "planned").order_by(Greeting.customer_id)
    return session.scalars(statement.limit(limit)).all()
