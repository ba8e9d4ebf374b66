"""Who acts, what they may do, and on which rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from uuid import UUID


class Scope(IntEnum):
    """How far a grant reaches, narrow to wide."""

    NONE = 0
    OWN = 1
    TEAM = 2
    DEPARTMENT = 3
    SUBTREE = 4
    ALL = 5


@dataclass(frozen=True, slots=True)
class Permission:
    """A right that roles can hold, named `owner.verb`; `scoped` says whether a scope narrows it.

    `delegable`: whoever has it may lend it to a colleague for a time. Only rights with a scope can be, and only where
    the owner's checks ask every one of `Actor.parties`; policies of the platform do.
    """

    name: str
    label: str
    scoped: bool = True
    delegable: bool = False
    act: str = ""
    """What it is a case of, where the verb of its name does not say: `enter` for adding and importing alike.

    Acts that several plugins have are columns where roles are edited.
    """

    @property
    def kind_of_act(self) -> str:
        return self.act or self.name.partition(".")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The person (or job on a person's behalf) behind one request. Immutable; built once per request."""

    user_id: UUID
    name: str
    department_id: UUID | None = None
    department_name: str = ""
    grants: Mapping[str, Scope] = field(default_factory=dict)
    department_ids: frozenset[UUID] = frozenset()
    """Departments the person works in."""
    subtree_ids: frozenset[UUID] = frozenset()
    """`department_ids` and every department below them."""
    team_ids: frozenset[UUID] = frozenset()
    session_id: UUID | None = None
    via: str = "page"
    """`page`, `api`, `job` or `cli`."""
    ip: str = ""
    request_id: str = ""
    language: str = "zh"
    scheme: str = "auto"
    theme: str = ""
    deputy_for: tuple[Actor, ...] = ()
    """Colleagues who have lent rights to this person: each with their own departments and teams, and these rights."""
    employee_no: str = ""
    seen_by: Looker | None = None
    """Set while somebody else looks at Baton as this person sees it: everything is read only then."""

    @property
    def real(self) -> Actor:
        """Who is really there: whose counters and lines of the audit trail it is."""
        return self.seen_by.actor if self.seen_by is not None else self

    @property
    def parties(self) -> tuple[Actor, ...]:
        """The person and all for whom they are deputy: something is allowed where it is to any one of these alone."""
        return (self, *self.deputy_for)

    def scope(self, permission: str) -> Scope:
        return self.grants.get(permission, Scope.NONE)

    def can(self, permission: str) -> bool:
        """By the person's own rights alone."""
        return self.grants.get(permission, Scope.NONE) > Scope.NONE

    def may_enter(self, permission: str) -> bool:
        """By their own rights or by lent ones: opens pages; what is on them is decided row by row."""
        return any(party.can(permission) for party in self.parties)

    def departments_for(self, permission: str) -> frozenset[UUID]:
        """Departments whose rows `permission` reaches; empty below department scope. Not meaningful for ALL."""
        scope = self.scope(permission)
        if scope >= Scope.SUBTREE:
            return self.subtree_ids
        return self.department_ids if scope == Scope.DEPARTMENT else frozenset()


@dataclass(frozen=True, slots=True)
class Looker:
    """Somebody who looks at Baton as another person sees it, `until` then at the latest.

    `left_out`: rights of that person that the looker does not hold for the whole house, and does not get by looking.
    """

    actor: Actor
    until: datetime
    left_out: int
