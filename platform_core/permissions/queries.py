"""Which role may do what and how far, and who holds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Permission, Scope
from platform_core.kernel.clock import now
from platform_core.kernel.i18n import translator
from platform_core.permissions.assignments import live
from platform_core.permissions.editing import grants_of, whole
from platform_core.permissions.models import Role, RoleAssignment, RoleGrant
from platform_core.permissions.services import roles
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

ACTS = {
    "view": _.lazy("See"),
    "enter": _.lazy("Enter"),
    "edit": _.lazy("Change"),
    "delete": _.lazy("Delete"),
    "manage": _.lazy("Manage"),
    "transfer": _.lazy("Give to others"),
    "urge": _.lazy("Urge"),
    "export": _.lazy("Take along"),
    "print": _.lazy("Print"),
    "approve": _.lazy("Approve"),
    "reveal": _.lazy("Reveal"),
}
"""Words for columns; an act that is not here is shown as plugins call it."""


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


@dataclass(frozen=True, slots=True)
class Ungiven:
    """A right that no role has although its owner proposes it for some: it has come since the roles were made."""

    permission: Permission
    title: str
    proposed: tuple[Role, ...]


def ungiven(manager: PluginManager, found: Sequence[Role], groups: Sequence[MatrixGroup]) -> list[Ungiven]:
    """Rights of what is switched on. Those that nobody proposes for any role are meant to be denied."""
    proposals: dict[str, set[str]] = {}
    for grants in manager.declared.default_grants.values():
        for code, rights_of_role in grants.items():
            for name in rights_of_role:
                proposals.setdefault(name, set()).add(code)
    return [
        Ungiven(row.permission, group.title, tuple(role for role in found if role.code in proposals[name]))
        for group in groups
        if not group.off
        for row in group.rows
        if (name := row.permission.name) in proposals and not any(row.cells.values())
    ]


@dataclass(frozen=True, slots=True)
class RightRow:
    """A right in the editor of one role. `unused`: no role has it, as when its plugin is new."""

    permission: Permission
    scope: Scope
    unused: bool


@dataclass(frozen=True, slots=True)
class RightGroup:
    """As MatrixGroup, of one role."""

    owner: str
    title: str
    off: bool
    rows: tuple[RightRow, ...]

    @property
    def entered(self) -> bool:
        """Any right of a module lets its holder in."""
        return any(row.scope > Scope.NONE for row in self.rows)


def rights(session: Session, manager: PluginManager, role: Role, words: str) -> list[RightGroup]:
    """Every right that is declared, also by plugins that are switched off; `words` narrows by name, code and plugin."""
    held = grants_of(session, role.id)
    used = set(session.scalars(select(RoleGrant.permission).distinct()))
    asked = words.casefold().split()
    groups: dict[str, list[RightRow]] = {}
    for item in manager.declared.permissions.installed():
        permission = item.value
        text = f"{permission.label} {permission.name} {_title(manager, item.owner)}".casefold()
        if all(word in text for word in asked):
            scope = whole(permission, held.get(permission.name, Scope.NONE))
            groups.setdefault(item.owner, []).append(RightRow(permission, scope, permission.name not in used))
    return [
        RightGroup(owner, _title(manager, owner), owner not in manager.enabled, tuple(rows))
        for owner, rows in groups.items()
    ]


@dataclass(frozen=True, slots=True)
class ModuleRow:
    """A module in the overview of one role. `cells`: act -> how far, for those of the columns that the module has.

    `enters`: the role has one of its rights at least, which lets people into it.

    `others`: (label, how far) of what the role may do that only this module knows.
    """

    title: str
    off: bool
    enters: bool
    cells: dict[str, str]
    others: tuple[tuple[str, str], ...]


def by_module(groups: Sequence[RightGroup]) -> tuple[list[tuple[str, str]], list[ModuleRow]]:
    """The columns as (act, words), the most common first, and a row for each module.

    Columns are the acts that at least two modules declare rights for, whichever these are.
    """
    counted = Counter(act for group in groups for act in {row.permission.kind_of_act for row in group.rows})
    acts = [act for act, modules in sorted(counted.items(), key=lambda one: (-one[1], one[0])) if modules > 1]
    rows = []
    for group in groups:
        cells: dict[str, list[str]] = {}
        others = []
        for row in group.rows:
            words = in_words(row.permission, row.scope)
            if row.permission.kind_of_act not in acts:
                if row.scope > Scope.NONE:
                    others.append((str(row.permission.label), words))
            elif words not in (found := cells.setdefault(row.permission.kind_of_act, [])):
                found.append(words)
        joined = {act: _(", ").join(words) for act, words in cells.items()}
        rows.append(ModuleRow(group.title, group.off, group.entered, joined, tuple(others)))
    return [(act, str(ACTS.get(act, act))) for act in acts], rows


def choices(permission: Permission) -> list[tuple[str, str]]:
    """(code, words) of the scopes that a right can have."""
    if not permission.scoped:
        return [("none", _("no")), ("all", _("yes"))]
    return [("none", _("none")), *((scope.name.lower(), str(words)) for scope, words in SCOPES.items())]


def in_words(permission: Permission, scope: Scope) -> str:
    code = scope.name.lower()
    return next((words for value, words in choices(permission) if value == code), code)


def _title(manager: PluginManager, owner: str) -> str:
    info = manager.plugins[owner].info
    return str(info.title) if info else owner


def _cell(permission: Permission, scope: Scope) -> str:
    if scope == Scope.NONE:
        return ""
    return str(SCOPES[scope]) if permission.scoped else _("yes")


def one_of_each_role(session: Session) -> Sequence[UUID]:
    """Somebody at work for each role that anybody holds; of those who hold several no one twice."""
    holds = (
        select(RoleAssignment.user_id)
        .join(User, User.id == RoleAssignment.user_id)
        .where(RoleAssignment.role_id == Role.id, live(now()), User.status == "active")
        .limit(1)
        .scalar_subquery()
    )
    found = session.scalars(select(holds).select_from(Role).where(holds.is_not(None)).order_by(Role.created_at))
    return list(dict.fromkeys(user_id for user_id in found))


def holders(session: Session) -> dict[UUID, list[Any]]:
    """Role -> its first twenty holders as (id, name, number of all holders)."""
    people = (
        select(RoleAssignment.role_id, User.id, User.name)
        .join(User, User.id == RoleAssignment.user_id)
        .where(live(now()), User.status != "left")
        .distinct()
        .subquery()
    )
    ranked = (
        select(
            people.c.role_id,
            people.c.id,
            people.c.name,
            func.count().over(partition_by=people.c.role_id).label("total"),
            func.row_number().over(partition_by=people.c.role_id, order_by=(people.c.name, people.c.id)).label("place"),
        )
    ).subquery()
    found: dict[UUID, list[Any]] = {}
    for row in session.execute(select(ranked).where(ranked.c.place <= 20).order_by(ranked.c.place)):
        found.setdefault(row.role_id, []).append(row)
    return found
