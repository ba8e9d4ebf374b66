"""Roles themselves: made, copied, renamed, retired, and their rights changed after a look at what that means.

Security administrators decide about others, never about themselves: nobody widens a role they hold, and nobody gives
themselves a role (`services.assign_role`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import msgspec
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor, Permission, Scope
from platform_core.kernel import counters
from platform_core.kernel.clock import now
from platform_core.kernel.errors import Ask, Conflict, Forbidden, Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.permissions.actors import COUNTER
from platform_core.permissions.assignments import live
from platform_core.permissions.models import Role, RoleAssignment, RoleGrant
from platform_core.permissions.services import keeping, require
from platform_core.plugins.manager import PluginManager
from platform_core.users.models import User

_ = translator("permissions")


class RoleInput(msgspec.Struct, kw_only=True):
    """A new role. Programs name it by `code`, which stays; without one it gets a number."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    code: Annotated[str, msgspec.Meta(max_length=40, pattern=r"^([a-z][a-z0-9_]*)?$")] = ""
    copy_of: UUID | None = None


class RoleName(msgspec.Struct, kw_only=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


@dataclass(frozen=True, slots=True)
class Change:
    """A right that a role gains or loses, wholly or in part."""

    permission: Permission
    before: Scope
    after: Scope
    people: int
    """Holders whose rights it changes; the others have this right at least as far from another role."""

    @property
    def widens(self) -> bool:
        return self.after > self.before


def ref(role: Role) -> EntityRef:
    return EntityRef("permissions", "role", role.id, role.name)


def get_role(session: Session, role_id: UUID, *, version: int | None = None) -> Role:
    """Raises NotFound, or Conflict when its name or rights have changed since `version`."""
    role = session.get(Role, role_id)
    if role is None:
        raise NotFound(_("There is no such role."))
    if version is not None and role.version != version:
        raise Conflict(_("Somebody else has changed this role in the meantime. Reload and try again."))
    return role


def create_role(session: Session, actor: Actor | None, data: RoleInput) -> Role:
    """A role without any right, or with those of `copy_of`. Raises Invalid for a name or code that is taken."""
    require(actor)
    counters.bump(session, COUNTER)  # first, so that two administrators wait for each other
    _check_name(session, data.name, None)
    codes = set(session.scalars(select(Role.code)))
    if data.code in codes:
        raise Invalid(_("Please check the marked fields."), fields={"code": _("This code is taken.")})
    model = session.get(Role, data.copy_of) if data.copy_of else None
    if data.copy_of and model is None:
        raise Invalid(_("Please check the marked fields."), fields={"copy_of": _("Choose a role.")})
    role = Role(code=data.code or _free_code(codes), name=data.name)
    session.add(role)
    session.flush()  # grants need its id
    copied = grants_of(session, model.id) if model else {}
    for permission, scope in copied.items():
        session.add(RoleGrant(role_id=role.id, permission=permission, scope=scope))
    after: dict[str, Any] = {"name": role.name, "code": role.code, "rights": _words(copied)}
    audit.record(session, actor, "permissions.add_role", ref(role), after=after)
    return role


def rename(session: Session, actor: Actor | None, role_id: UUID, name: str) -> Role:
    """The code stays. Raises Invalid for a name that is taken."""
    require(actor)
    counters.bump(session, COUNTER)
    role = get_role(session, role_id)
    before = role.name
    if name != before:
        _check_name(session, name, role)
        role.name = name
        audit.record(
            session, actor, "permissions.rename_role", ref(role), before={"name": before}, after={"name": name}
        )
    return role


def retire(session: Session, actor: Actor | None, role_id: UUID, *, retired: bool) -> Role:
    """A retired role grants nothing and cannot be given; it may be brought back.

    Raises Conflict for one that is held: it is taken from its holders one by one first, so that nobody loses rights
    unseen.
    """
    require(actor)
    counters.bump(session, COUNTER)
    role = get_role(session, role_id)
    if (role.retired_at is not None) == retired:
        return role
    held = people_with(session, role.id)
    if retired and held:
        raise Conflict(
            _.ngettext(
                "%(num)d person holds this role now or soon. Take it from them first.",
                "%(num)d people hold this role now or soon. Take it from them first.",
                held,
            )
        )
    if not retired:
        _refuse_own_widening(session, actor, role)
    role.retired_at = now() if retired else None
    action = "permissions.retire_role" if retired else "permissions.restore_role"
    audit.record(session, actor, action, ref(role), before={"retired": not retired}, after={"retired": retired})
    return role


def shutting(manager: PluginManager, owner: str) -> dict[str, Scope]:
    """What takes a whole module away: every right of this owner to nothing. Empty for nobody's name."""
    return {item.value.name: Scope.NONE for item in manager.declared.permissions.installed() if item.owner == owner}


def changes(session: Session, manager: PluginManager, role: Role, asked: Mapping[str, Scope]) -> list[Change]:
    """What storing `asked` (permission -> scope) would change; rights that it does not name stay.

    Raises Invalid for a right that nobody declares. Rights without a scope are held wholly or not at all.
    """
    declared = {item.value.name: item.value for item in manager.declared.permissions.installed()}
    unknown = sorted(asked.keys() - declared.keys())
    if unknown:
        raise Invalid(_("There is no such right: %(rights)s.", rights=", ".join(unknown)))
    held = grants_of(session, role.id)
    found = []
    for name, permission in declared.items():
        before = held.get(name, Scope.NONE)
        after = whole(permission, asked.get(name, before))
        if name in asked and after != whole(permission, before):
            found.append((permission, before, after))
    reach = _elsewhere(session, role.id, [permission.name for permission, _before, _after in found])
    people = people_with(session, role.id)
    return [
        Change(permission, before, after, people - reach.get((permission.name, max(before, after)), 0))
        for permission, before, after in found
    ]


def change_grants(
    session: Session,
    actor: Actor | None,
    manager: PluginManager,
    role_id: UUID,
    asked: Mapping[str, Scope],
    *,
    version: int,
) -> list[Change]:
    """Store them. They act on the next request everywhere.

    Raises Forbidden where the actor would widen a role they hold, Conflict when the role has changed since `version` or
    nobody could manage accounts or roles afterwards.
    """
    require(actor)
    with keeping(session):
        role = get_role(session, role_id, version=version)
        found = changes(session, manager, role, asked)
        if any(change.widens for change in found):
            _refuse_own_widening(session, actor, role)
        rows = {
            row.permission: row for row in session.scalars(select(RoleGrant).where(RoleGrant.role_id == role.id)).all()
        }
        for change in found:
            name, row = change.permission.name, rows.get(change.permission.name)
            if row is None:
                session.add(RoleGrant(role_id=role.id, permission=name, scope=change.after))
            elif change.after == Scope.NONE:
                session.delete(row)
            else:
                row.scope = change.after
        if found:
            role.updated_at = now()  # the version of the role counts its rights as well
            before = _words({change.permission.name: change.before for change in found})
            after = _words({change.permission.name: change.after for change in found})
            audit.record(
                session, actor, "permissions.edit_role", ref(role), before={"rights": before}, after={"rights": after}
            )
    return found


def grants_of(session: Session, role_id: UUID) -> dict[str, Scope]:
    rows = session.execute(select(RoleGrant.permission, RoleGrant.scope).where(RoleGrant.role_id == role_id))
    return {permission: Scope(scope) for permission, scope in rows}


def whole(permission: Permission, scope: Scope) -> Scope:
    """A right without a scope is held wholly."""
    return scope if permission.scoped or scope == Scope.NONE else Scope.ALL


def people_with(session: Session, role_id: UUID) -> int:
    """How many hold it now or will, without those who have left."""
    return session.scalar(select(func.count()).select_from(_people(role_id).subquery())) or 0


def _people(role_id: UUID) -> Any:
    return (
        select(RoleAssignment.user_id)
        .join(User, User.id == RoleAssignment.user_id)
        .where(RoleAssignment.role_id == role_id, _not_over(), User.status != "left")
        .distinct()
    )


def _not_over() -> Any:
    return or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > now())


def _elsewhere(session: Session, role_id: UUID, permissions: list[str]) -> dict[tuple[str, Scope], int]:
    """(permission, scope) -> how many holders of the role reach at least as far by another one."""
    widest = (
        select(RoleAssignment.user_id, RoleGrant.permission, func.max(RoleGrant.scope).label("scope"))
        .join(RoleGrant, RoleGrant.role_id == RoleAssignment.role_id)
        .join(Role, Role.id == RoleAssignment.role_id)
        .where(
            RoleAssignment.role_id != role_id,
            Role.retired_at.is_(None),
            live(now()),
            RoleGrant.permission.in_(permissions),
            RoleAssignment.user_id.in_(_people(role_id)),
        )
        .group_by(RoleAssignment.user_id, RoleGrant.permission)
        .subquery()
    )
    counted = select(widest.c.permission, widest.c.scope, func.count()).group_by(widest.c.permission, widest.c.scope)
    found: dict[tuple[str, Scope], int] = {}
    for permission, scope, people in session.execute(counted):
        for reached in Scope:
            if reached <= scope:
                found[permission, reached] = found.get((permission, reached), 0) + people
    return found


def holds(session: Session, actor: Actor, role: Role) -> bool:
    """Whether the actor holds it now or will."""
    own = select(RoleAssignment.id).where(
        RoleAssignment.role_id == role.id, RoleAssignment.user_id == actor.user_id, _not_over()
    )
    return session.scalar(own.limit(1)) is not None


def _refuse_own_widening(session: Session, actor: Actor | None, role: Role) -> None:
    if actor is not None and holds(session, actor, role):
        raise Forbidden(_("You hold this role yourself."), ask=Ask("permissions.manage"))


def _check_name(session: Session, name: str, own: Role | None) -> None:
    taken = {role.name.casefold() for role in session.scalars(select(Role)) if role is not own}
    if name.casefold() in taken:
        raise Invalid(_("Please check the marked fields."), fields={"name": _("There is a role of this name.")})


def _free_code(taken: set[str]) -> str:
    number = len(taken) + 1
    while f"role{number}" in taken:
        number += 1
    return f"role{number}"


def _words(grants: Mapping[str, Scope]) -> dict[str, str]:
    return {permission: scope.name.lower() for permission, scope in sorted(grants.items())}
