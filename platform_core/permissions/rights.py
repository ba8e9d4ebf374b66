"""What somebody may do, by their roles and lent to them, in memory while it holds: until any right changes or turns."""

from __future__ import annotations

import dataclasses
import math
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import Uuid, bindparam, or_, select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor, Scope
from platform_core.kernel import counters
from platform_core.kernel.clock import now
from platform_core.kernel.database import database_of
from platform_core.permissions.models import DelegatedRight, Delegation, Role, RoleAssignment, RoleGrant
from platform_core.users import sessions
from platform_core.users.models import DepartmentClosure, TeamMember, User

COUNTER = sessions.RIGHTS_COUNTER
_MOST_KEPT = 5000


@dataclass(frozen=True, slots=True)
class Rights:
    """The part of an actor that changes seldom. `good_until`: when a role, place in a team or loan next begins or ends.

    Rights of plugins that are switched off are left out; their grants stay in the database.
    """

    grants: Mapping[str, Scope]
    department_ids: frozenset[UUID]
    subtree_ids: frozenset[UUID]
    team_ids: frozenset[UUID]
    enabled: frozenset[str]
    version: int
    good_until: float
    deputy_for: tuple[Actor, ...] = ()


_cache: dict[tuple[str, UUID, UUID | None], tuple[UUID | None, Rights]] = {}
_lock = threading.Lock()
GRANTS = (
    select(
        RoleGrant.permission,
        RoleGrant.scope,
        RoleAssignment.department_id,
        RoleAssignment.valid_from,
        RoleAssignment.valid_to,
    )
    .join(RoleAssignment, RoleAssignment.role_id == RoleGrant.role_id)
    .join(Role, Role.id == RoleGrant.role_id)
    .where(
        RoleAssignment.user_id == bindparam("user_id"),
        Role.retired_at.is_(None),
        or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > bindparam("now")),
        or_(RoleAssignment.credential_id.is_(None), RoleAssignment.credential_id == bindparam("key", type_=Uuid())),
    )
)
_subtree = select(DepartmentClosure.descendant_id).where(
    DepartmentClosure.ancestor_id.in_(bindparam("departments", expanding=True))
)
_teams = select(TeamMember.team_id, TeamMember.until).where(
    TeamMember.user_id == bindparam("user_id"),
    or_(TeamMember.until.is_(None), TeamMember.until > bindparam("now")),
)

_lent = (
    select(
        Delegation.giver_id, User.name, User.department_id, Delegation.valid_from, Delegation.valid_to,
        DelegatedRight.permission, DelegatedRight.scope,
    )
    .join(DelegatedRight, DelegatedRight.delegation_id == Delegation.id)
    .join(User, User.id == Delegation.giver_id)
    .where(
        Delegation.receiver_id == bindparam("user_id"),
        Delegation.ended_at.is_(None),
        Delegation.valid_to > bindparam("now"),
        User.status == "active",
    )
    .order_by(User.name, User.id)
)  # fmt: skip


def of(session: Session, user_id: UUID, department_id: UUID | None, version: int, key_id: UUID | None = None) -> Rights:
    """`version` is that of the counter COUNTER, which whatever changes rights bumps: so that acts on the next request.

    `department_id` is the person's own department, `key_id` the key that the session was opened with: roles may hang on
    it.
    """
    database = database_of(session)
    key = (database.url, user_id, key_id)
    own, cached = _cache.get(key, (None, None))
    moment, enabled = now(), database.enabled_owners()
    fresh = cached is not None and cached.version == version and cached.enabled is enabled and own == department_id
    if cached and fresh and moment.timestamp() < cached.good_until and not counters.is_bumped(session, COUNTER):
        return cached
    rights = _with_lent(session, user_id, _read(session, user_id, department_id, version, key_id), moment)
    if counters.is_bumped(session, COUNTER):
        return rights
    with _lock:
        if len(_cache) > _MOST_KEPT:
            _cache.clear()
        _cache[key] = (department_id, rights)
    return rights


def _read(session: Session, user_id: UUID, department_id: UUID | None, version: int, key_id: UUID | None) -> Rights:
    moment, enabled = now(), database_of(session).enabled_owners()
    parameters = {"user_id": user_id, "now": moment, "key": key_id}
    grants: dict[str, Scope] = {}
    departments: set[UUID] = {department_id} if department_id else set()
    turns = []
    for permission, scope, given_for, valid_from, valid_to in session.execute(GRANTS, parameters):
        turns.append(valid_to if valid_from <= moment else valid_from)
        if valid_from > moment:
            continue
        if permission.partition(".")[0] in enabled:
            grants[permission] = max(grants.get(permission, Scope.NONE), Scope(scope))
        if given_for:
            departments.add(given_for)
    subtree = session.scalars(_subtree, {"departments": list(departments)}).all() if departments else []
    teams = session.execute(_teams, parameters).all()
    turns += [team.until for team in teams]
    return Rights(
        grants=MappingProxyType(grants),
        department_ids=frozenset(departments),
        subtree_ids=frozenset(subtree) | departments,
        team_ids=frozenset(team.team_id for team in teams),
        enabled=enabled,
        version=version,
        good_until=min((turn.timestamp() for turn in turns if turn is not None), default=math.inf),
    )


def _with_lent(session: Session, user_id: UUID, own: Rights, moment: datetime) -> Rights:
    """What colleagues lend, each as far as their own roles reach at this moment: what is lent to them is not theirs."""
    lent: dict[UUID, dict[str, Scope]] = defaultdict(dict)
    givers: dict[UUID, tuple[str, UUID | None]] = {}
    good_until = own.good_until
    for row in session.execute(_lent, {"user_id": user_id, "now": moment}):
        good_until = min(good_until, (row.valid_to if row.valid_from <= moment else row.valid_from).timestamp())
        if row.valid_from <= moment:
            givers[row.giver_id] = (row.name, row.department_id)
            held = lent[row.giver_id].get(row.permission, Scope.NONE)
            lent[row.giver_id][row.permission] = max(held, Scope(row.scope))
    found = []
    for giver_id, (name, department_id) in givers.items():
        theirs = _read(session, giver_id, department_id, own.version, None)  # roles bound to a key are not lent
        good_until = min(good_until, theirs.good_until)
        kept = narrowed(lent[giver_id], theirs.grants)
        if kept:
            found.append(
                Actor(
                    user_id=giver_id, name=name, department_id=department_id, grants=MappingProxyType(kept),
                    department_ids=theirs.department_ids, subtree_ids=theirs.subtree_ids, team_ids=theirs.team_ids,
                )
            )  # fmt: skip
    return dataclasses.replace(own, good_until=good_until, deputy_for=tuple(found))


def narrowed(lent: Mapping[str, Scope], held: Mapping[str, Scope]) -> dict[str, Scope]:
    """Lent rights, as far as the one who lends them holds them."""
    found = {name: min(scope, held.get(name, Scope.NONE)) for name, scope in lent.items()}
    return {name: scope for name, scope in found.items() if scope > Scope.NONE}
