"""Names of people and departments by id, for pages that show many: cached per process, at most five seconds old."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, literal, null, select, union_all
from sqlalchemy.orm import Session

from platform_core.kernel.database import database_of
from platform_core.users.models import Department, User

_RECHECK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    department_id: UUID | None
    active: bool


@dataclass(frozen=True, slots=True)
class Labels:
    """Everybody and every department, those who left and those closed included: old rows still name them."""

    people: Mapping[UUID, Person]
    departments: Mapping[UUID, str]
    """In the order in which they are listed."""

    def has(self, key: UUID) -> bool:
        return key in self.people or key in self.departments

    def person(self, user_id: UUID | None) -> str:
        """The name, or "" when there is none."""
        found = self.people.get(user_id) if user_id else None
        return found.name if found else ""

    def department(self, department_id: UUID | None) -> str:
        return self.departments.get(department_id, "") if department_id else ""


@dataclass(slots=True)
class _Cached:
    checked: float
    version: tuple[object, ...]
    labels: Labels


_cache: dict[str, _Cached] = {}
_lock = threading.Lock()
_version = select(
    select(func.count(User.id)).scalar_subquery(),
    select(func.max(User.updated_at)).scalar_subquery(),
    select(func.count(Department.id)).scalar_subquery(),
    select(func.max(Department.updated_at)).scalar_subquery(),
)

_everything: Any = union_all(
    select(
        literal(value=True).label("is_user"),
        User.id,
        User.name,
        User.department_id,
        User.status.label("state"),
        User.updated_at,
        literal(0).label("place"),
    ),
    select(
        literal(value=False),
        Department.id,
        Department.name,
        null(),
        literal(""),
        Department.updated_at,
        Department.order,
    ),
).order_by("place", "name", "id")


def labels(session: Session, ids: Iterable[UUID | None] = ()) -> Labels:
    """Asks every five seconds whether anything has changed; a person or department of `ids` that is new, at once."""
    url = database_of(session).url
    cached = _cache.get(url)
    moment = time.monotonic()
    known = cached is not None and all(key is None or cached.labels.has(key) for key in ids)
    if cached and known and moment - cached.checked < _RECHECK_SECONDS:
        return cached.labels
    if cached and known and tuple(session.execute(_version).one()) == cached.version:
        cached.checked = moment
        return cached.labels
    loaded, version = _load(session)
    with _lock:
        _cache[url] = _Cached(moment, version, loaded)
    return loaded


def of_rows(session: Session, rows: Sequence[Any]) -> Labels:
    """With the names of rows' `owner_id` and `department_id` among them, however new these are."""
    return labels(session, (key for row in rows for key in (row.owner_id, row.department_id)))


def _load(session: Session) -> tuple[Labels, tuple[object, ...]]:
    """Everything and its version, in one statement."""
    rows = session.execute(_everything).all()
    people = {row.id: Person(row.name, row.department_id, row.state == "active") for row in rows if row.is_user}
    departments = {row.id: row.name for row in rows if not row.is_user}
    changed = [max((row.updated_at for row in rows if row.is_user == kind), default=None) for kind in (True, False)]
    return Labels(people, departments), (len(people), changed[0], len(departments), changed[1])


def person_choices(session: Session) -> list[tuple[str, str]]:
    """(id, name) of those at work, for a form."""
    return [(str(key), person.name) for key, person in labels(session).people.items() if person.active]


def department_choices(session: Session) -> list[tuple[str, str]]:
    return [(str(key), name) for key, name in labels(session).departments.items()]
