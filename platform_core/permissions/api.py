"""JSON: the roles of colleagues and the states of their accounts, with the services of the page."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.permissions import services
from platform_core.permissions.models import Role, RoleAssignment
from platform_core.users import accounts, stepup
from platform_core.web.apis import Items
from platform_core.web.routing import delete, get, post, put

_ = translator("permissions")
_ROLES = "/{user_id:uuid}/roles"


class HeldRole(msgspec.Struct, kw_only=True):
    """A role of a user; `department_id` is null for their own. It counts from `valid_from` until `valid_to`, if any."""

    id: UUID
    role: str
    name: str
    department_id: UUID | None
    valid_from: datetime
    valid_to: datetime | None


class GivenRole(msgspec.Struct, kw_only=True):
    """`role` is its code. It begins now or at the moment `valid_from`, and ends at `valid_to`, or not at all."""

    role: str
    department_id: UUID | None = None
    valid_from: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    valid_to: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class Status(msgspec.Struct, kw_only=True):
    """Freezing and leaving end every session and token at once. `reason` stays in the audit trail."""

    status: Literal["active", "frozen", "left"]
    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""


class StatusOut(msgspec.Struct, kw_only=True):
    id: UUID
    status: str


def _held(assignment: RoleAssignment, role: Role) -> HeldRole:
    return HeldRole(
        id=assignment.id, role=role.code, name=role.name, department_id=assignment.department_id,
        valid_from=assignment.valid_from, valid_to=assignment.valid_to,
    )  # fmt: skip


@get(_ROLES, permission="users.view", name="permissions:api_held_roles")
def list_held(session: Session, user_id: UUID) -> Items[HeldRole]:
    """What a user holds now or will hold."""
    accounts.get_user(session, user_id)
    return Items([_held(assignment, role) for assignment, role, _name in services.roles_of(session, user_id)])


@post(_ROLES, permission="permissions.manage", name="permissions:api_give_role", status_code=201)
def give(request: Request[Any, Any, Any], session: Session, actor: Actor, user_id: UUID, data: GivenRole) -> HeldRole:
    """Give a role, also for another department or for a time. Twice changes nothing. Token: one that changes rights."""
    stepup.over_api(request, session, actor)
    made = services.assign_role(
        session, actor, user_id, data.role, department_id=data.department_id, valid_from=data.valid_from,
        valid_to=data.valid_to,
    )  # fmt: skip
    session.flush()  # the answer names the assignment
    return _held(made, session.get_one(Role, made.role_id))


@delete(f"{_ROLES}/{{assignment_id:uuid}}", permission="permissions.manage", name="permissions:api_end_role",
        status_code=204)  # fmt: skip
def end(request: Request[Any, Any, Any], session: Session, actor: Actor, user_id: UUID, assignment_id: UUID) -> None:
    """Take a role away now; 409 where nobody could manage it all afterwards. Takes a token that changes rights."""
    stepup.over_api(request, session, actor)
    if assignment_id not in {assignment.id for assignment, _role, _name in services.roles_of(session, user_id)}:
        raise NotFound(_("This role is no longer held."))
    services.unassign_role(session, actor, assignment_id)


@put("/{user_id:uuid}/status", permission="users.manage", name="permissions:api_status")
def set_status(session: Session, actor: Actor, user_id: UUID, data: Status) -> StatusOut:
    """Freeze, unfreeze or take leave of an account."""
    user = services.change_status(session, actor, user_id, data.status, reason=data.reason)
    return StatusOut(id=user.id, status=user.status)


USERS = [list_held, give, end, set_status]
