"""Names of people and departments by id, for pages that show many: cached per process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import literal, null, select, union_all
from sqlalchemy.orm import Session

from platform_core.kernel import counters
from platform_core.users.models import NAMES_COUNTER, Department, User


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


_everything: Any = union_all(
    select(
        literal(value=True).label("is_user"),
        User.id,
        User.name,
        User.department_id,
        User.status.label("state"),
        literal(0).label("place"),
    ),
    select(
        literal(value=False),
        Department.id,
        Department.name,
        null(),
        literal(""),
        Department.order,
    ),
).order_by("place", "name", "id")


def labels(session: Session, ids: Iterable[UUID | None] = ()) -> Labels:
    """As of the request's start; where a person or department of `ids` is newer, as of now."""
    wanted = {key for key in ids if key is not None}
    return followed.get(session, lambda kept: all(kept.has(key) for key in wanted))


def of_rows(session: Session, rows: Sequence[Any]) -> Labels:
    """With the names of rows' `owner_id` and `department_id` among them, however new these are."""
    return labels(session, (key for row in rows for key in (row.owner_id, row.department_id)))


def _load(session: Session) -> Labels:
    rows = session.execute(_everything).all()
    people = {row.id: Person(row.name, row.department_id, row.state == "active") for row in rows if row.is_user}
    return Labels(people, {row.id: row.name for row in rows if not row.is_user})


followed = counters.Followed(NAMES_COUNTER, _load)


def person_choices(session: Session) -> list[tuple[str, str]]:
    """(id, name) of those at work, for a form."""
    return [(str(key), person.name) for key, person in labels(session).people.items() if person.active]


def department_choices(session: Session) -> list[tuple[str, str]]:
    return [(str(key), name) for key, name in labels(session).departments.items()]
