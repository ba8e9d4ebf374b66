"""The role matrix: which role may do what, and how far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Permission, Scope
from platform_core.kernel.clock import now
from platform_core.kernel.i18n import translator
from platform_core.permissions.models import Role, RoleAssignment, RoleGrant
from platform_core.permissions.services import live, roles
from platform_core.plugins.manager import PluginManager
from platform_core.users.models import User

_ = translator("permissions")
SCOPES = {
    Scope.OWN: _.lazy("own"),
    Scope.TEAM: _.lazy("team"),
    Scope.DEPARTMENT: _.lazy("department"),
    Scope.SUBTREE: _.lazy("department and below"),
    Scope.ALL: _.lazy("all"),
}


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One permission: its label and what each role (by id) may do of it, "" for nothing."""

    permission: Permission
    cells: dict[UUID, str]


@dataclass(frozen=True, slots=True)
class MatrixGroup:
    """The permissions of one owner; `off` when the plugin is switched off and its rights rest."""

    owner: str
    title: str
    off: bool
    rows: tuple[MatrixRow, ...]


def matrix(session: Session, manager: PluginManager) -> tuple[list[Role], list[MatrixGroup]]:
    found = roles(session)
    grants: dict[tuple[str, UUID], Scope] = {
        (grant.permission, grant.role_id): Scope(grant.scope) for grant in session.scalars(select(RoleGrant))
    }
    groups: dict[str, list[MatrixRow]] = {}
    for item in manager.declared.permissions.installed():
        permission = item.value
        cells = {role.id: _cell(permission, grants.get((permission.name, role.id), Scope.NONE)) for role in found}
        groups.setdefault(item.owner, []).append(MatrixRow(permission, cells))
    return found, [
        MatrixGroup(owner, _title(manager, owner), owner not in manager.enabled, tuple(rows))
        for owner, rows in groups.items()
    ]


def _title(manager: PluginManager, owner: str) -> str:
    info = manager.plugins[owner].info
    return str(info.title) if info else owner


def _cell(permission: Permission, scope: Scope) -> str:
    if scope == Scope.NONE:
        return ""
    return str(SCOPES[scope]) if permission.scoped else _("yes")


def holders(session: Session) -> dict[UUID, list[Any]]:
    """Role -> its first twenty holders as (id, name, number of all holders)."""
    ranked = (
        select(
            RoleAssignment.role_id,
            User.id,
            User.name,
            func.count().over(partition_by=RoleAssignment.role_id).label("total"),
            func.row_number().over(partition_by=RoleAssignment.role_id, order_by=(User.name, User.id)).label("place"),
        )
        .join(User, User.id == RoleAssignment.user_id)
        .where(live(now()), User.status != "left")
        .subquery()
    )
    found: dict[UUID, list[Any]] = {}
    for row in session.execute(select(ranked).where(ranked.c.place <= 20).order_by(ranked.c.place)):
        found.setdefault(row.role_id, []).append(row)
    return found
