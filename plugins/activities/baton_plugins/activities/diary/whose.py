"""Whose calendar somebody looks at: their own, that of a colleague, or of a department, as far as their rights go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from platform_core.api import Actor, Ask, Department, Forbidden, Scope, Session, User, dictionaries, translator

_ = translator("activities")
RIGHT = "activities.view"
ROOMS = "activities.room"
"""The dictionary of the rooms in which colleagues meet"""
_PEOPLE = 200
"""To choose from, of one department"""
Choice = tuple[UUID, str]


@dataclass(frozen=True, slots=True)
class Whose:
    """Of one person, of everybody in a department, or of a room."""

    person: UUID | None
    department: UUID | None
    name: str
    """Empty of one's own"""
    room: str = ""
    departments: Sequence[Choice] = ()
    people: Sequence[Choice] = ()


def covered(actor: Actor) -> frozenset[UUID] | None:
    """Departments whose calendars the actor may open; None is all."""
    if any(party.scope(RIGHT) == Scope.ALL for party in actor.parties):
        return None
    return frozenset().union(*(party.departments_for(RIGHT) for party in actor.parties))


def chosen(session: Session, actor: Actor, department: UUID | None, person: UUID | None, room: str = "") -> Whose:
    """Raises Forbidden for a calendar that is not within the actor's reach; rooms are in everybody's."""
    departments = _departments(session, actor)
    if room:
        return Whose(None, None, dictionaries.label(session, ROOMS, room), room=room, departments=departments)
    if person == actor.user_id or (department is None and person is None):
        return Whose(actor.user_id, None, "", departments=departments)
    if department is None:
        department = session.scalar(select(User.department_id).where(User.id == person))
    names = dict(departments)
    if department not in names:
        told = _("You see the calendars of the departments that you work for, and this is none of them.")
        raise Forbidden(told, ask=Ask(right="activities.correct", department=department))
    people = _people(session, department)
    if person is None:
        return Whose(None, department, names[department], departments=departments, people=people)
    if person not in dict(people):
        raise Forbidden(_("Whoever you mean does not work in this department."), ask=Ask(right="users.manage"))
    return Whose(person, department, dict(people)[person], departments=departments, people=people)


def _departments(session: Session, actor: Actor) -> list[Choice]:
    statement = (
        select(Department.id, Department.name).where(Department.active).order_by(Department.order, Department.name)
    )
    reach = covered(actor)
    if reach is not None:
        if not reach:
            return []
        statement = statement.where(Department.id.in_(sorted(reach)))
    return [(key, name) for key, name in session.execute(statement)]


def _people(session: Session, department: UUID) -> list[Choice]:
    statement = (
        select(User.id, User.name)
        .where(User.department_id == department, User.status == "active")
        .order_by(User.name, User.id)
        .limit(_PEOPLE)
    )
    return [(key, name) for key, name in session.execute(statement)]
