"""Who can get customers, and whom to ask where one may not give them away oneself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor, Scope
from platform_core.customers.transfer import rules
from platform_core.customers.transfer.rules import Person
from platform_core.kernel.clock import now
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.kernel.idlists import among
from platform_core.permissions.assignments import live
from platform_core.permissions.models import Role, RoleAssignment, RoleGrant
from platform_core.users.models import Department, TeamMember, User

_ = translator("customers")
Groups = list[tuple[str, list[tuple[str, str]]]]
"""(department, (value, label) pairs) for a form."""


def holders(session: Session, rights: Collection[str], *where: ColumnElement[bool]) -> list[Person]:
    """People who can sign in, have a department and hold at least one of `rights`; with those that they hold."""
    rows = session.execute(
        select(User.id, User.name, User.department_id, Department.name.label("department"), RoleGrant.permission)
        .join(Department, Department.id == User.department_id)
        .join(RoleAssignment, RoleAssignment.user_id == User.id)
        .join(Role, Role.id == RoleAssignment.role_id)
        .join(RoleGrant, RoleGrant.role_id == Role.id)
        .where(
            User.status == "active", Role.retired_at.is_(None), live(now()), RoleGrant.permission.in_(sorted(rights)),
            RoleGrant.scope > Scope.NONE, *where,
        )
        .order_by(Department.order, Department.name, User.name, User.id, RoleGrant.permission)
    )  # fmt: skip
    found: dict[UUID, Person] = {}
    for row in rows:
        person = found.get(row.id) or Person(row.id, row.name, row.department_id, row.department)
        found[row.id] = replace(person, rights=person.rights | {row.permission})
    return list(found.values())


def offered(session: Session, actor: Actor, rights: Iterable[str] = ()) -> list[Person]:
    """Whom the actor may give customers, by department and name; without their teams."""
    inside = [] if rules.is_general(actor) else [among(User.department_id, rules.branch(actor))]
    found = holders(session, {rules.VIEW, *rights}, *inside)
    return [person for person in found if rules.VIEW in person.rights]


def receivers(session: Session, actor: Actor) -> list[Person]:
    return with_teams(session, offered(session, actor))


def by_id(session: Session, ids: Collection[UUID], rights: Iterable[str] = ()) -> dict[UUID, Person]:
    """Those of `ids` who can get customers at this moment, wherever they work."""
    if not ids:
        return {}
    found = holders(session, {rules.VIEW, *rights}, among(User.id, ids))
    return {person.id: person for person in with_teams(session, found) if rules.VIEW in person.rights}


def with_teams(session: Session, people: Sequence[Person]) -> list[Person]:
    rows = session.execute(
        select(TeamMember.user_id, TeamMember.team_id).where(
            among(TeamMember.user_id, [person.id for person in people]),
            or_(TeamMember.until.is_(None), TeamMember.until > now()),
        )
    ).all()
    teams: dict[UUID, set[UUID]] = {}
    for user_id, team_id in rows:
        teams.setdefault(user_id, set()).add(team_id)
    return [replace(person, team_ids=frozenset(teams.get(person.id, ()))) for person in people]


def groups(people: Sequence[Person]) -> Groups:
    """For a form: each department with its people, and with all of them in turn where there are several."""
    found: dict[UUID, list[Person]] = {}
    for person in people:
        found.setdefault(person.department_id, []).append(person)
    made = []
    for department_id, members in found.items():
        options = [(f"person:{person.id}", person.name) for person in members]
        if len(members) > 1:
            label = _(
                "In turn to all %(count)s of %(department)s", count=len(members), department=members[0].department
            )
            options.append((f"department:{department_id}", label))
        made.append((members[0].department, options))
    return made


def chosen(people: Sequence[Person], choice: str) -> list[Person]:
    """Those of `people` that a choice of `groups` means. Raises Invalid at `to` for any other."""
    kind, _colon, key = choice.partition(":")
    if kind == "department":
        found = [person for person in people if str(person.department_id) == key]
    else:
        found = [person for person in people if kind == "person" and str(person.id) == key]
    if not found:
        message = _("Please choose from the list.")
        raise Invalid(message, fields={"to": message})
    return found


def to_ask(session: Session, limit: int = 3) -> list[str]:
    """Names of people who may transfer across the whole house."""
    rights = {rules.PERMISSION, rules.GENERAL}
    found = [person.name for person in holders(session, rights) if len(person.rights) == len(rights)]
    return found[:limit]
