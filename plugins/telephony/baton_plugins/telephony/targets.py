"""Whose telephone it is: lines and extensions of a source, and people's own extensions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from baton_plugins.telephony.models import Line, Source
from sqlalchemy import bindparam, or_, select

from platform_core.api import Session, User, now


@dataclass(frozen=True, slots=True)
class Person:
    id: UUID
    name: str
    department_id: UUID | None


def people(session: Session, source: Source, line: str, extensions: Iterable[str]) -> list[Person]:
    """Those at whose telephones `extensions` ring or, where none is named, who have this `line` of the source.

    The source's own lines come first, then the extension that somebody's account names, then the source's blank line.
    """
    wanted = [text.strip() for text in extensions if text.strip()]
    given = _given(session, source, [*wanted, line])
    found = [person for text in wanted for person in given.get(text, ())]
    rest = [text for text in wanted if text not in given]
    found += _by_extension(session, rest) if rest else []
    if not found and line:
        found = given.get(line) or _by_extension(session, [line])
    return list({person.id: person for person in found or given.get("", [])}.values())


_GIVEN = (
    select(Line.line, User.id, User.name, User.department_id)
    .join(User, User.id == Line.user_id)
    .where(
        Line.source_id == bindparam("source_id"),
        Line.line.in_(bindparam("lines", expanding=True)),
        User.status == "active",
        or_(Line.until.is_(None), Line.until > bindparam("now")),
    )
    .order_by(Line.created_at, Line.id)
)
"""Built once: it runs for every event of every telephone."""


def _given(session: Session, source: Source, lines: Iterable[str]) -> dict[str, list[Person]]:
    given = {"source_id": source.id, "lines": [*lines, ""], "now": now()}
    found: dict[str, list[Person]] = {}
    for row in session.execute(_GIVEN, given):
        found.setdefault(row.line, []).append(Person(row.id, row.name, row.department_id))
    return found


def _by_extension(session: Session, extensions: list[str]) -> list[Person]:
    statement = select(User.id, User.name, User.department_id).where(
        User.extension.in_(extensions), User.status == "active"
    )
    return [Person(row.id, row.name, row.department_id) for row in session.execute(statement)]


def name_of(session: Session, user_id: UUID) -> str:
    return session.scalar(select(User.name).where(User.id == user_id)) or ""
