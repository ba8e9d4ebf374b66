"""JSON: roles and their rights, with the services of the editor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor, Scope
from platform_core.permissions import editing, services
from platform_core.permissions.models import Role
from platform_core.permissions.role_routes import MANAGE
from platform_core.users import stepup
from platform_core.web.apis import Items
from platform_core.web.requests import platform_of
from platform_core.web.routing import get, patch, post, put

_ROLE = "/{role_id:uuid}"
Reach = Literal["none", "own", "team", "department", "subtree", "all"]


class RoleOut(msgspec.Struct, kw_only=True):
    """`code` is what giving the role asks for."""

    id: UUID
    code: str
    name: str


class RoleDetail(msgspec.Struct, kw_only=True):
    """`rights`: right -> how far; what is not named is denied. `people`: who hold it now or will."""

    id: UUID
    code: str
    name: str
    retired: bool
    people: int
    version: int
    rights: dict[str, Reach]


class RoleChange(msgspec.Struct, kw_only=True):
    """What is not given stays. Only a role that nobody holds can be retired."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)] | msgspec.UnsetType = msgspec.UNSET
    retired: bool | msgspec.UnsetType = msgspec.UNSET


class Rights(msgspec.Struct, kw_only=True):
    """Rights that are not named stay. `version` is the role's, as it was read; another one is a conflict."""

    rights: Annotated[dict[str, Reach], msgspec.Meta(max_length=1000)]
    version: Annotated[int, msgspec.Meta(ge=1, lt=2**31)]


class ChangeOut(msgspec.Struct, kw_only=True):
    """`people`: holders whose rights it changes; the others reach as far by another role."""

    right: str
    before: Reach
    after: Reach
    people: int


def _detail(session: Session, role: Role) -> RoleDetail:
    held = editing.grants_of(session, role.id)
    return RoleDetail(
        id=role.id, code=role.code, name=role.name, retired=role.retired_at is not None,
        people=editing.people_with(session, role.id), version=role.version,
        rights={name: reach(scope) for name, scope in sorted(held.items())},
    )  # fmt: skip


def reach(scope: Scope) -> Reach:
    found: Reach = msgspec.convert(scope.name.lower(), Reach)
    return found


def asked(rights: Mapping[str, Reach]) -> dict[str, Scope]:
    return {name: Scope[far.upper()] for name, far in rights.items()}


def _changes(found: list[editing.Change]) -> Items[ChangeOut]:
    return Items([
        ChangeOut(
            right=change.permission.name, before=reach(change.before), after=reach(change.after), people=change.people
        )
        for change in found
    ])  # fmt: skip


@get("/", permission="users.view", name="permissions:api_roles")
def list_roles(session: Session) -> Items[RoleOut]:
    """All roles that can be given; there are few, so there is one page."""
    return Items([RoleOut(id=role.id, code=role.code, name=role.name) for role in services.roles(session)])


@get(_ROLE, permission=MANAGE, name="permissions:api_role")
def show(session: Session, role_id: UUID) -> RoleDetail:
    """A role with its rights, also a retired one."""
    return _detail(session, editing.get_role(session, role_id))


@post("/", permission=MANAGE, name="permissions:api_create_role", status_code=201)
def create(request: Request[Any, Any, Any], session: Session, actor: Actor, data: editing.RoleInput) -> RoleDetail:
    """Make a role without any right, or with those of another one. Takes a token that changes rights."""
    stepup.over_api(request, session, actor)
    return _detail(session, editing.create_role(session, actor, data))


@patch(_ROLE, permission=MANAGE, name="permissions:api_change_role")
def change(
    request: Request[Any, Any, Any], session: Session, actor: Actor, role_id: UUID, data: RoleChange
) -> RoleDetail:
    """Rename, retire or bring back; 409 where somebody holds it. Retiring takes a token that changes rights."""
    if data.retired is not msgspec.UNSET:
        stepup.over_api(request, session, actor)
    role = editing.get_role(session, role_id)
    if data.name is not msgspec.UNSET:
        editing.rename(session, actor, role_id, data.name)
    if data.retired is not msgspec.UNSET:
        editing.retire(session, actor, role_id, retired=data.retired)
    session.flush()  # the answer carries the new version
    return _detail(session, role)


@post(f"{_ROLE}/preview", permission=MANAGE, name="permissions:api_preview_role", opt={"unkept": True})
def preview(request: Request[Any, Any, Any], session: Session, role_id: UUID, data: Rights) -> Items[ChangeOut]:
    """What storing these rights would change, and for how many people. Stores nothing."""
    role = editing.get_role(session, role_id, version=data.version)
    return _changes(editing.changes(session, platform_of(request).manager, role, asked(data.rights)))


@put(f"{_ROLE}/rights", permission=MANAGE, name="permissions:api_store_role")
def store(
    request: Request[Any, Any, Any], session: Session, actor: Actor, role_id: UUID, data: Rights
) -> Items[ChangeOut]:
    """Store rights; answers with what has changed. Takes a token that changes rights; 403 for widening one's own."""
    stepup.over_api(request, session, actor)
    manager = platform_of(request).manager
    return _changes(editing.change_grants(session, actor, manager, role_id, asked(data.rights), version=data.version))


HANDLERS = [list_roles, show, create, change, preview, store]
