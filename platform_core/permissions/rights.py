"""What somebody may do by their roles, in memory while it holds: until any right changes or a dated one turns."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Scope
from platform_core.kernel.clock import now
from platform_core.kernel.database import database_of
from platform_core.permissions.models import Role, RoleAssignment, RoleGrant
from platform_core.users import sessions
from platform_core.users.models import DepartmentClosure, TeamMember

COUNTER = sessions.RIGHTS_COUNTER
_MOST_KEPT = 5000


@dataclass(frozen=True, slots=True)
class Rights:
    """The part of an actor that changes seldom. `good_until`: when a role or a place in a team next begins or ends.

    Rights of plugins that are switched off are left out; their grants stay in the database.
    """

    grants: Mapping[str, Scope]
    department_ids: frozenset[UUID]
    subtree_ids: frozenset[UUID]
    team_ids: frozenset[UUID]
    enabled: frozenset[str]
    version: int
    good_until: float


_cache: dict[tuple[str, UUID], tuple[UUID | None, Rights]] = {}
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
    )
)
_subtree = select(DepartmentClosure.descendant_id).where(
    DepartmentClosure.ancestor_id.in_(bindparam("departments", expanding=True))
)
_teams = select(TeamMember.team_id, TeamMember.until).where(
    TeamMember.user_id == bindparam("user_id"),
    or_(TeamMember.until.is_(None), TeamMember.until > bindparam("now")),
)


def of(session: Session, user_id: UUID, department_id: UUID | None, version: int) -> Rights:
    """`version` is that of the counter COUNTER, which whatever changes rights bumps: so that acts on the next request.

    `department_id` is the person's own department.
    """
    database = database_of(session)
    key = (database.url, user_id)
    own, cached = _cache.get(key, (None, None))
    moment, enabled = now(), database.enabled_owners()
    fresh = cached is not None and cached.version == version and cached.enabled is enabled and own == department_id
    if cached and fresh and moment.timestamp() < cached.good_until:
        return cached
    rights = _read(session, user_id, department_id, version, moment, enabled)
    with _lock:
        if len(_cache) > _MOST_KEPT:
            _cache.clear()
        _cache[key] = (department_id, rights)
    return rights


def _read(
    session: Session, user_id: UUID, department_id: UUID | None, version: int, moment: datetime, enabled: frozenset[str]
) -> Rights:
    parameters = {"user_id": user_id, "now": moment}
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
