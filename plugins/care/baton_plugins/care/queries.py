"""What the pages of care show: the week ahead as the night will find it, and one customer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from baton_plugins.care import calendars, expanding, segments, sending
from baton_plugins.care.models import CustomerDate, Greeting, Occasion, Wish
from baton_plugins.care.sending import Row, Verdict
from sqlalchemy import func, literal, or_, select, union_all

from platform_core.api import (
    AnySelect,
    Contact,
    Customer,
    NotFound,
    Session,
    birthday_told,
    proven,
    readable,
    today,
    translator,
)
from platform_core.api.messages import message_left_alone

_ = translator("care")
DAYS = 7
"""From today on"""
SHOWN = 30
"""By name for a day and an occasion, of customers, of their contacts and of those who stand alone"""
OFFERED = 300
"""Contacts of a customer to choose from"""
_PROOF = proven("each part carries the policy of customers")


@dataclass(slots=True)
class Kept:
    """An occasion on a day: how many people are greeted, the first of them by name."""

    occasion: Occasion
    number: int = 0
    verdicts: list[Verdict] = field(default_factory=list)


def foreseen(on: date | None) -> date:
    """Today where no day is named. Raises NotFound for one that is not among the next DAYS."""
    day = on or today()
    if not 0 <= (day - today()).days < DAYS:
        raise NotFound(_("Only the next seven days are foreseen."))
    return day


def of_day(session: Session, day: date) -> list[Kept]:
    """Occasions in the house's order, within what the reader sees; the night greets the same people.

    Of two occasions of one person the first counts, as it does at night.
    """
    active, choices = segments.kept(session)
    parts = [
        _part(session, whom, place)
        for place, occasion in enumerate(active)
        for whom in expanding.due(occasion, day)
    ]  # fmt: skip
    found: dict[int, Kept] = {}
    if parts:
        _judge(session, _read(session, parts, active, found), choices)
    return [kept for _place, kept in sorted(found.items())]


def shown(day: Iterable[Kept]) -> set[UUID]:
    """Ids for the trail: of customers, and of contacts that stand alone."""
    return {item.row.customer_id or item.row.person_id for kept in day for item in kept.verdicts}


def _part(session: Session, due: expanding.Due, place: int) -> AnySelect:
    """(place of the occasion, customer, contact, how many), the first by name and the number of all."""
    model, whom = due
    if (allowed := readable(session, model)) is not None:
        whom = whom.where(allowed)
    names = dict(zip(expanding.COLUMNS, whom.selected_columns, strict=True))
    theirs = (names[name].label(name) for name in ("customer_id", "contact_id"))
    number, name_key = func.count().over().label("number"), model.name_key.label("name_key")
    columns = (literal(place).label("place"), *theirs, number, name_key)
    return select(whom.with_only_columns(*columns).order_by(model.name_key).limit(SHOWN).subquery())


def _read(session: Session, parts: list[AnySelect], active: Any, found: dict[int, Kept]) -> list[tuple[Kept, Row]]:
    due = union_all(*parts).subquery()
    statement = sending.reading(due, due.c.customer_id, due.c.contact_id).add_columns(due.c.place, due.c.number)
    greeted: set[UUID] = set()
    counted: set[tuple[int, bool, bool]] = set()
    shown: list[tuple[Kept, Row]] = []
    for *columns, place, number in session.execute(
        statement.order_by(due.c.place, due.c.contact_id.is_not(None), due.c.name_key, due.c.contact_id),
        execution_options=_PROOF,
    ):
        row = Row(*columns)
        kept = found.setdefault(place, Kept(active[place]))
        part = (place, row.is_contact, row.customer_id is None)
        if part not in counted:
            counted.add(part)
            kept.number += number
        if row.person_id in greeted:
            kept.number -= 1
            continue
        greeted.add(row.person_id)
        shown.append((kept, row))
    return shown


def _judge(session: Session, shown: list[tuple[Kept, Row]], choices: Any) -> None:
    verdicts = sending.judged(session, [(kept.occasion, row) for kept, row in shown], choices)
    written: set[int | None] = set()
    for (kept, row), verdict in zip(shown, verdicts, strict=True):
        is_written = not verdict.why and not verdict.is_personal
        is_again = is_written and row.point_hash in written
        kept.verdicts.append(verdict._replace(why="duplicate") if is_again else verdict)
        if is_written:
            written.add(row.point_hash)


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


def greetings_of(session: Session, who: Customer | Contact, people: Iterable[Contact] = ()) -> list[Any]:
    """(occasion, day, state, why, contact), the latest first; `people`: contacts, some of whom once stood alone."""
    persons = Greeting.person_id.in_([who.id, *(contact.id for contact in people)])
    theirs = persons if isinstance(who, Contact) else or_(Greeting.customer_id == who.id, persons)
    statement = (
        select(Occasion.name, Greeting.day, Greeting.state, Greeting.why, Contact.name)
        .join(Occasion, Occasion.id == Greeting.occasion_id)
        .outerjoin(Contact, Contact.id == Greeting.contact_id)
        .where(theirs)
        .order_by(Greeting.day.desc())
        .limit(20)
    )
    return list(session.execute(statement))


class Born(NamedTuple):
    """A person with a birthday."""

    name: str
    told: str
    next_day: date


def contacts(session: Session, customer_id: UUID) -> Sequence[Contact]:
    """The people of a customer, the main one first."""
    mine = (Contact.customer_id == customer_id, *expanding.contact_is_there())
    ordered = select(Contact).where(*mine).order_by(Contact.is_primary.desc(), Contact.name_key, Contact.id)
    return session.scalars(ordered.limit(OFFERED)).all()


def born(people: Iterable[Customer | Contact]) -> list[Born]:
    """Whose birthdays are known, the next ones first."""
    found = [
        Born(person.name, birthday_told(person), _next_birthday(person))
        for person in people
        if person.birth_month and person.birth_day
    ]
    return sorted(found, key=lambda one: one.next_day)[:SHOWN]


class Alone(NamedTuple):
    """What somebody is left alone on: `contact_id` None and no name for the customer with all its people."""

    contact_id: UUID | None
    name: str
    occasion: str
    until: date | None


def left_alone(session: Session, who: Customer | Contact, people: Iterable[Contact] = ()) -> list[Alone]:
    """Of the person, and of the contacts of a customer."""
    names = {contact.id: contact.name for contact in people}
    return [
        Alone(key if key in names else None, names.get(key, ""), occasion, until)
        for key, occasion, until in message_left_alone(session, [who.id, *names])
    ]


def _next_birthday(person: Customer | Contact) -> date:
    now_on, month, day = today(), person.birth_month or 1, person.birth_day or 1
    years = range(now_on.year - 1, now_on.year + 2)
    if person.birth_lunar:
        days = [calendars.lunar_day(year, month, day, leap=person.birth_leap) for year in years]
    else:
        days = [calendars.solar_day(year, month, day) for year in years]
    return min(found for found in days if found >= now_on)


def next_day(occasion: Occasion) -> date | None:
    """When a holiday comes next."""
    if occasion.kind not in expanding.HOLIDAYS:
        return None
    days = (expanding.day_of(occasion, year) for year in range(today().year, today().year + 3))
    return min((day for day in days if day is not None and day >= today()), default=None)


def by_rule(occasion: Occasion, year: int) -> date | None:
    return calendars.holiday(occasion.kind, occasion.rule, year) if occasion.kind in expanding.HOLIDAYS else None
