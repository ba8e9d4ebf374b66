"""Writing down whom the house greets on a day: one statement for each occasion, and the same again writes nothing.

A greeting is known by occasion, person and year, and there is one a day at most for a person: of two occasions on one
day the one that comes first in the house's order is kept. Persons are customers, and on birthdays contacts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from baton_plugins.care import calendars, segments
from baton_plugins.care.calendars import Match
from baton_plugins.care.models import CustomerDate, Greeting, Occasion, Wish
from sqlalchemy import ColumnElement, Uuid, and_, case, cast, exists, literal, null, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from platform_core.api import AnySelect, Contact, Customer, Session, proven

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


class Due(NamedTuple):
    """`statement` of COLUMNS; the rows of `model` are those whose readers see the person."""

    model: type[Customer | Contact]
    statement: AnySelect


COLUMNS = ("occasion_id", "person_id", "customer_id", "contact_id", "year", "day")


def due(occasion: Occasion, day: date) -> list[Due]:
    """Customers to be greeted, and contacts; empty where the occasion is not on this day."""
    customers = _customers(occasion, day)
    if customers is None:
        return []
    found = [Due(Customer, customers)]
    if occasion.kind == "birthday":
        found.append(Due(Customer, _contacts(occasion, day)))
    if occasion.kind == "birthday" and not occasion.sensitive:  # nobody has said of a contact that it is glad of it
        found.append(Due(Contact, _standing_alone(occasion, day)))
    return found


def _customers(occasion: Occasion, day: date) -> AnySelect | None:
    match = calendars.matching(day)
    kept: list[ColumnElement[bool]] = []
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
    columns = (literal(occasion.id), Customer.id, Customer.id, cast(null(), Uuid()), year, literal(day))
    return select(*columns).where(*kept, *_kept(occasion))


def _contacts(occasion: Occasion, day: date) -> AnySelect:
    """Those born on this day, through their customers: what holds for one holds for its people."""
    columns, born = _born(occasion, day, Customer.id)
    people = select(*columns).join_from(Customer, Contact, Contact.customer_id == Customer.id)
    return people.where(*born, *_kept(occasion))


def _standing_alone(occasion: Occasion, day: date) -> AnySelect:
    """Those born on this day who have no customer, and so neither grade nor tags."""
    columns, born = _born(occasion, day, cast(null(), Uuid()))
    return select(*columns).where(*born, Contact.customer_id.is_(None), segments.for_everybody(occasion.id))


def _born(occasion: Occasion, day: date, customer_id: Any) -> tuple[tuple[Any, ...], tuple[ColumnElement[bool], ...]]:
    """`COLUMNS` of contacts, and which are born on this day."""
    match = calendars.matching(day)
    year = case((Contact.birth_lunar.is_(True), match.lunar_year), else_=day.year)
    columns = (literal(occasion.id), Contact.id, customer_id, Contact.id, year, literal(day))
    return columns, (Contact.birth_day.is_not(None), met(Contact, match, "birth_"), *contact_is_there())


def contact_is_there() -> tuple[ColumnElement[bool], ...]:
    return Contact.deleted_at.is_(None), Contact.restricted_at.is_(None)


def _kept(occasion: Occasion) -> list[ColumnElement[bool]]:
    """Customers that there is something to write to on the occasion, and who are there."""
    kept = [Customer.deleted_at.is_(None), Customer.restricted_at.is_(None), segments.met(occasion.id)]
    if occasion.sensitive:
        kept.append(exists().where(Wish.customer_id == Customer.id, Wish.occasion_id == occasion.id))
    return kept


def expand(session: Session, day: date) -> int:
    """Of a system session. Returns how many greetings are new."""
    dialect: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    made = 0
    for occasion in occasions(session):
        for whom in due(occasion, day):
            insert = dialect.insert(Greeting).from_select(COLUMNS, whom.statement)
            found: Any = session.execute(insert.on_conflict_do_nothing(), execution_options=_COUNTED)
            made += found.rowcount
    return made


def of_day(session: Session, day: date, occasion: Occasion, limit: int) -> Sequence[Greeting]:
    """Those that still have to be sent."""
    waiting = (Greeting.day == day, Greeting.state == "planned", Greeting.occasion_id == occasion.id)
    return session.scalars(select(Greeting).where(*waiting).order_by(Greeting.person_id).limit(limit)).all()
