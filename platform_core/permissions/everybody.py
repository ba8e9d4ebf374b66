"""Everybody's rights at once, read from the same rows as each actor's, to say who may do something and why."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor, Scope
from platform_core.kernel.clock import now
from platform_core.kernel.database import database_of
from platform_core.permissions.assignments import live
from platform_core.permissions.models import DelegatedRight, Delegation, Role, RoleAssignment, RoleGrant
from platform_core.permissions.rights import narrowed
from platform_core.users.models import Department, DepartmentClosure, TeamMember, User


@dataclass(frozen=True, slots=True)
class Holder:
    """`actor` knows only the rights that were asked for; `roles`: right -> the role by which it reaches furthest.

    `lent`: colleagues with what of these rights they have lent this person.
    """

    actor: Actor
    roles: dict[str, str]
    lent: tuple[Holder, ...] = ()


def holders(session: Session, permissions: Collection[str]) -> list[Holder]:
    """People whose account is active and who hold any of these rights now, by role or lent; by name."""
    moment = now()
    enabled = database_of(session).enabled_owners()
    asked = [name for name in permissions if name.partition(".")[0] in enabled]
    rows = session.execute(
        select(User.id, User.name, User.department_id, Department.name)
        .add_columns(RoleGrant.permission, RoleGrant.scope, Role.name)
        .join(RoleAssignment, RoleAssignment.user_id == User.id)
        .join(Role, Role.id == RoleAssignment.role_id)
        .join(RoleGrant, RoleGrant.role_id == Role.id)
        .outerjoin(Department, Department.id == User.department_id)
        .where(
            User.status == "active", Role.retired_at.is_(None), live(moment), RoleGrant.permission.in_(asked),
            RoleGrant.scope > Scope.NONE,
        )
        .order_by(User.name, User.id, RoleGrant.scope.desc(), Role.name)
    )  # fmt: skip
    people: dict[UUID, tuple[str, UUID | None, str]] = {}
    grants: dict[UUID, dict[str, Scope]] = defaultdict(dict)
    roles: dict[UUID, dict[str, str]] = defaultdict(dict)
    for user_id, name, department_id, department, permission, scope, role in rows:
        people[user_id] = (name, department_id, department or "")
        grants[user_id].setdefault(permission, Scope(scope))
        roles[user_id].setdefault(permission, role)
    places = _Places(session, moment)
    holding = {
        user_id: Holder(
            Actor(
                user_id=user_id, name=name, department_id=own, department_name=department, grants=grants[user_id],
                **places.of(user_id, own),
            ),
            roles[user_id],
        )
        for user_id, (name, own, department) in people.items()
    }  # fmt: skip
    return _with_lent(session, holding, asked, moment)


def _with_lent(session: Session, holding: dict[UUID, Holder], asked: Collection[str], moment: datetime) -> list[Holder]:
    """As `permissions.rights` works it out for one person. A giver who holds nothing lends nothing."""
    rows = session.execute(
        select(Delegation.giver_id, User.id, User.name, Department.name, DelegatedRight.permission)
        .add_columns(DelegatedRight.scope)
        .join(DelegatedRight, DelegatedRight.delegation_id == Delegation.id)
        .join(User, User.id == Delegation.receiver_id)
        .outerjoin(Department, Department.id == User.department_id)
        .where(
            Delegation.valid_from <= moment, Delegation.valid_to > moment, Delegation.ended_at.is_(None),
            User.status == "active", DelegatedRight.permission.in_(asked),
            Delegation.giver_id.in_(list(holding)),
        )
        .order_by(Delegation.valid_from, Delegation.id)
    )  # fmt: skip
    lent: dict[UUID, dict[UUID, dict[str, Scope]]] = defaultdict(dict)
    receivers: dict[UUID, Holder] = {}
    for giver_id, receiver_id, name, department, permission, scope in rows:
        plain = Actor(user_id=receiver_id, name=name, department_name=department or "")
        receivers[receiver_id] = holding.get(receiver_id) or Holder(plain, {})
        rights = lent[receiver_id].setdefault(giver_id, {})
        rights[permission] = max(rights.get(permission, Scope.NONE), Scope(scope))
    found = dict(holding)
    for receiver_id, receiver in receivers.items():
        lenders = []
        for giver_id, rights in lent[receiver_id].items():
            giver = holding[giver_id]
            kept = narrowed(rights, giver.actor.grants)
            if kept:
                lenders.append(dataclasses.replace(giver, actor=dataclasses.replace(giver.actor, grants=kept)))
        if lenders:
            found[receiver_id] = dataclasses.replace(receiver, lent=tuple(lenders))
    return sorted(found.values(), key=lambda holder: (holder.actor.name, holder.actor.user_id))


class _Places:
    """Departments and teams of everybody, as `permissions.actors` works them out for one."""

    def __init__(self, session: Session, moment: Any) -> None:
        self._given: dict[UUID, set[UUID]] = defaultdict(set)
        given = (
            select(RoleAssignment.user_id, RoleAssignment.department_id)
            .join(Role, Role.id == RoleAssignment.role_id)
            .where(
                RoleAssignment.department_id.is_not(None),
                Role.retired_at.is_(None),
                Role.id.in_(select(RoleGrant.role_id)),
                live(moment),
            )
        )
        for user_id, department_id in session.execute(given):
            if department_id is not None:
                self._given[user_id].add(department_id)
        self._below: dict[UUID, set[UUID]] = defaultdict(set)
        for above, below in session.execute(select(DepartmentClosure.ancestor_id, DepartmentClosure.descendant_id)):
            self._below[above].add(below)
        self._teams: dict[UUID, set[UUID]] = defaultdict(set)
        members = select(TeamMember.user_id, TeamMember.team_id).where(
            or_(TeamMember.until.is_(None), TeamMember.until > moment)
        )
        for user_id, team_id in session.execute(members):
            self._teams[user_id].add(team_id)

    def of(self, user_id: UUID, own: UUID | None) -> dict[str, Any]:
        """Arguments of `Actor`."""
        departments = self._given.get(user_id, set()) | ({own} if own else set())
        below = set().union(*(self._below.get(each, set()) for each in departments))
        return {
            "department_ids": frozenset(departments),
            "subtree_ids": frozenset(below | departments),
            "team_ids": frozenset(self._teams.get(user_id, ())),
        }
