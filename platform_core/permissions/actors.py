"""Building actors: who somebody is (users) joined with what they may do (roles), cached until any right changes."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

from litestar import Request
from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor, Scope
from platform_core.kernel import counters
from platform_core.kernel.clock import now
from platform_core.kernel.database import database_of
from platform_core.kernel.ids import new_id
from platform_core.permissions import admission
from platform_core.permissions.models import Role, RoleAssignment, RoleGrant
from platform_core.users import preferences, sessions
from platform_core.users.models import Department, DepartmentClosure, TeamMember, User
from platform_core.web import themes
from platform_core.web.requests import client_ip, platform_of

COUNTER = sessions.RIGHTS_COUNTER
_CACHE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Rights:
    """The part of an actor that changes seldom. `good_until`: the next moment at which a role begins or ends.

    Rights of plugins that are switched off are left out; their grants stay in the database.
    """

    grants: Mapping[str, Scope]
    department_ids: frozenset[UUID]
    subtree_ids: frozenset[UUID]
    team_ids: frozenset[UUID]
    enabled: frozenset[str]
    version: int
    good_until: float


_cache: dict[tuple[str, UUID], Rights] = {}
_lock = threading.Lock()
_grants = (
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
_teams = select(TeamMember.team_id).where(
    TeamMember.user_id == bindparam("user_id"),
    or_(TeamMember.until.is_(None), TeamMember.until > bindparam("now")),
)


def authenticate(session: Session, request: Request[Any, Any, Any]) -> Actor | None:
    """The actor behind a cookie or bearer token. Leaves unread notifications and preferences in the session.

    Raises Frozen where it was of an account that is frozen now.
    """
    platform = platform_of(request)
    header = request.headers.get("authorization", "")
    token = cookie = ""
    if header.startswith("Bearer "):
        token = header.removeprefix("Bearer ").strip()
        identity = sessions.by_token(session, token)
    else:
        cookie = request.cookies.get(sessions.cookie_name(platform.settings), "")
        identity = sessions.by_cookie(session, platform.settings, cookie) if cookie else None
    if identity is None:
        admission.refuse_frozen(session, request, cookie=cookie, token=token)
        return None
    session.info["unread"] = identity.unread
    preferences.keep(session, identity.user_id, identity.preferences)
    themes.keep(session, identity.themes)
    counters.keep(session, identity.counters)
    ip = client_ip(request, platform.settings.trusted_proxies)
    return _build(session, identity, platform.database.url, ip, platform.settings.language)


def load_actor(session: Session, user_id: UUID, *, via: str = "job") -> Actor | None:
    """The actor of a user outside a request; None when the account is not active."""
    row = session.execute(
        select(User, Department.name)
        .outerjoin(Department, Department.id == User.department_id)
        .where(User.id == user_id)
    ).one_or_none()
    if row is None or row[0].status != "active":
        return None
    user, department_name = row
    identity = sessions.Identity(
        user.id, user.name, user.department_id, department_name or "", user.language, user.scheme, user.theme,
        new_id(), 0, via, counters.read(session, COUNTER),
    )  # fmt: skip
    return _build(session, identity, session.info["database"].url, "", "zh")


def resting(session: Session, actor: Actor, permission: str) -> Scope:
    """How far the actor would reach with a permission whose plugin does not run; its grants are kept."""
    moment = now()
    found = session.execute(_grants, {"user_id": actor.user_id, "now": moment})
    held = (Scope(row.scope) for row in found if row.permission == permission and row.valid_from <= moment)
    return max(held, default=Scope.NONE)


def _build(session: Session, identity: sessions.Identity, database: str, ip: str, language: str) -> Actor:
    rights = _rights(session, identity, database)
    return Actor(
        user_id=identity.user_id,
        name=identity.name,
        department_id=identity.department_id,
        department_name=identity.department_name,
        grants=rights.grants,
        department_ids=rights.department_ids,
        subtree_ids=rights.subtree_ids,
        team_ids=rights.team_ids,
        session_id=identity.session_id,
        via=identity.via,
        ip=ip,
        request_id=new_id().hex,
        language=identity.language or language,
        scheme=identity.scheme,
        theme=identity.theme,
    )


def _rights(session: Session, identity: sessions.Identity, database: str) -> Rights:
    """From the cache while the permissions counter stands still: changes act on the next request everywhere."""
    version = identity.rights_version
    key = (database, identity.user_id)
    cached = _cache.get(key)
    moment = now()
    enabled = database_of(session).enabled_owners()
    fresh = cached is not None and cached.version == version and cached.enabled is enabled
    if cached and fresh and moment.timestamp() < cached.good_until:
        return cached
    parameters = {"user_id": identity.user_id, "now": moment}
    grants: dict[str, Scope] = {}
    departments: set[UUID] = {identity.department_id} if identity.department_id else set()
    good_until = moment.timestamp() + _CACHE_SECONDS  # teams change without the counter
    for permission, scope, department_id, valid_from, valid_to in session.execute(_grants, parameters):
        turns = valid_to if valid_from <= moment else valid_from
        if turns is not None:
            good_until = min(good_until, turns.timestamp())
        if valid_from > moment:
            continue
        if permission.partition(".")[0] in enabled:
            grants[permission] = max(grants.get(permission, Scope.NONE), Scope(scope))
        if department_id:
            departments.add(department_id)
    subtree = session.scalars(_subtree, {"departments": list(departments)}).all() if departments else []
    rights = Rights(
        MappingProxyType(grants),
        frozenset(departments),
        frozenset(subtree) | departments,
        frozenset(session.scalars(_teams, parameters)),
        enabled,
        version,
        good_until,
    )
    with _lock:
        if len(_cache) > 5000:
            _cache.clear()
        _cache[key] = rights
    return rights
