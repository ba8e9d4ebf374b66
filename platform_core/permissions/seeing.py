"""The actor of a person as whom somebody else looks at Baton. docs/security/roles.md says why it is made like this."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor, Looker, Scope
from platform_core.kernel.clock import now
from platform_core.kernel.database import database_of
from platform_core.permissions import rights
from platform_core.permissions.models import Looking
from platform_core.users.models import Department, User

PERMISSION = "permissions.see_as"
_MOST_KEPT = 200


@dataclass(frozen=True, slots=True)
class _Looked:
    """What stays as it is while somebody looks, and while the counter of rights stands still."""

    version: int
    looker_id: UUID
    until: datetime
    user_id: UUID
    name: str
    department_id: UUID | None
    department_name: str
    preferences: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    actor: Actor
    preferences: Mapping[str, Any]


_cache: dict[tuple[str, UUID], _Looked] = {}


def through(session: Session, looker: Actor, looking_id: UUID, version: int) -> Seen | None:
    """Whom the looker's browser sees Baton as; None where that is over, or the looker has lost the right to it."""
    looked = _looked(session, looking_id, version) if looker.can(PERMISSION) else None
    if looked is None or looked.until <= now() or looked.looker_id != looker.user_id:
        return None
    held = rights.of(session, looked.user_id, looked.department_id, version)
    grants = shared(looker, held.grants)
    actor = dataclasses.replace(
        looker,
        user_id=looked.user_id,
        name=looked.name,
        department_id=looked.department_id,
        department_name=looked.department_name,
        grants=MappingProxyType(grants),
        department_ids=held.department_ids,
        subtree_ids=held.subtree_ids,
        team_ids=held.team_ids,
        deputy_for=tuple(
            dataclasses.replace(lender, grants=MappingProxyType(shared(looker, lender.grants)))
            for lender in held.deputy_for
        ),
        seen_by=Looker(looker, looked.until, len(held.grants) - len(grants)),
    )
    return Seen(actor, looked.preferences)


def shared(looker: Actor, grants: Mapping[str, Scope]) -> dict[str, Scope]:
    """Of a person's rights those that the looker holds for the whole house: so looking shows nobody anything new.

    A narrower reach of the looker's own proves nothing: the other person's customers may lie outside of it.
    """
    return {name: scope for name, scope in grants.items() if looker.scope(name) == Scope.ALL}


def _looked(session: Session, looking_id: UUID, version: int) -> _Looked | None:
    key = (database_of(session).url, looking_id)
    known = _cache.get(key)
    if known is not None and known.version == version:
        return known
    row = session.execute(
        select(
            Looking.looker_id, Looking.until, User.id, User.name, User.department_id,
            Department.name.label("department_name"), User.preferences,
        )
        .join(User, User.id == Looking.seen_id)
        .outerjoin(Department, Department.id == User.department_id)
        .where(Looking.id == looking_id, Looking.ended_at.is_(None), User.status == "active")
    ).one_or_none()  # fmt: skip
    if row is None:
        return None
    found = _Looked(
        version, row.looker_id, row.until, row.id, row.name, row.department_id, row.department_name or "",
        row.preferences or {},
    )  # fmt: skip
    if len(_cache) > _MOST_KEPT:
        _cache.clear()
    _cache[key] = found
    return found
