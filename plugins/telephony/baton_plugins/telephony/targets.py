"""Whose telephone it is: lines and extensions of a source, and people's own extensions.

Every event of every telephone asks, and the answers change with people and lines only: a process keeps them for as long
as the counter of names stands still (`changed`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from baton_plugins.telephony.models import Area, Line, Source
from sqlalchemy import select

from platform_core.api import NAMES_COUNTER, Session, User, counters, now


@dataclass(frozen=True, slots=True)
class Person:
    id: UUID
    name: str
    department_id: UUID | None


@dataclass(frozen=True, slots=True)
class _Given:
    """A line in somebody's hands, for so long."""

    person: Person
    until: datetime | None


@dataclass(frozen=True, slots=True)
class _Telephones:
    people: Mapping[UUID, Person]
    """Those at work."""
    lines: Mapping[tuple[UUID, str], list[_Given]]
    """(source, line), in the order in which they were given."""
    extensions: Mapping[str, list[Person]]
    areas: Mapping[tuple[UUID, str], str]
    """(source, line) -> area code."""


def changed(session: Session) -> None:
    """A line has changed: every process asks anew."""
    counters.bump(session, NAMES_COUNTER)


def people(session: Session, source: Source, line: str, extensions: Iterable[str]) -> list[Person]:
    """Those at whose telephones `extensions` ring or, where none is named, who have this `line` of the source.

    The source's own lines come first, then the extension that somebody's account names, then the source's blank line.
    """
    known = _followed.get(session)
    found: list[Person] = []
    for text in (text.strip() for text in extensions):
        if text:
            found += _given(known, source, text) or known.extensions.get(text, ())
    if not found and line:
        found = _given(known, source, line) or known.extensions.get(line, [])
    return list({person.id: person for person in found or _given(known, source, "")}.values())


def name_of(session: Session, user_id: UUID) -> str:
    """Of somebody at work."""
    person = _followed.get(session).people.get(user_id)
    return person.name if person else ""


def colleague(session: Session, extension: str) -> str:
    """Whose extension it is that calls; empty where it is nobody's, or where several share it."""
    found = _followed.get(session).extensions.get(extension, ())
    return found[0].name if len(found) == 1 else ""


def is_extension(session: Session, source: Source, number: str) -> bool:
    """Whether the number is a telephone of the house, as this source names them."""
    known = _followed.get(session)
    return bool(number) and (number in known.extensions or (source.id, number) in known.lines)


def area_code(session: Session, source: Source, lines: Iterable[str]) -> str:
    """Of the first of these lines and extensions that has one of its own, else the source's."""
    known = _followed.get(session).areas
    return next((known[source.id, line] for line in lines if (source.id, line) in known), source.area_code)


def _given(known: _Telephones, source: Source, line: str) -> list[Person]:
    moment = now()
    given = known.lines.get((source.id, line), ())
    return [one.person for one in given if one.until is None or one.until > moment]


def _load(session: Session) -> _Telephones:
    known: dict[UUID, Person] = {}
    extensions: dict[str, list[Person]] = {}
    at_work: Any = select(User.id, User.name, User.department_id, User.extension).where(User.status == "active")
    for row in session.execute(at_work.order_by(User.name, User.id)):
        known[row.id] = Person(row.id, row.name, row.department_id)
        if row.extension:
            extensions.setdefault(row.extension, []).append(known[row.id])
    lines: dict[tuple[UUID, str], list[_Given]] = {}
    columns = select(Line.source_id, Line.line, Line.user_id, Line.until)
    for row in session.execute(columns.order_by(Line.created_at, Line.id)):
        if row.user_id in known:
            lines.setdefault((row.source_id, row.line), []).append(_Given(known[row.user_id], row.until))
    areas = {(row.source_id, row.line): row.area_code for row in session.scalars(select(Area))}
    return _Telephones(known, lines, extensions, areas)


_followed = counters.Followed(NAMES_COUNTER, _load)
