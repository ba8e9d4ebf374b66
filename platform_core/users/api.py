"""Colleagues and departments for programs."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.users import accounts, departments, queries
from platform_core.users.models import Department, User
from platform_core.web.apis import Cursor, Items, Limit, cut
from platform_core.web.routing import get, patch, post

_Short = Annotated[str, msgspec.Meta(max_length=60)] | UnsetType


class UserOut(msgspec.Struct):
    """A colleague; what only administrators need (notes, key, telephone) is left out."""

    id: UUID
    login: str
    name: str
    employee_no: str
    department_id: UUID | None
    title: str
    extension: str
    email: str
    status: str


class DepartmentOut(msgspec.Struct):
    id: UUID
    code: str
    name: str
    parent_id: UUID | None
    order: int
    active: bool


class UserPatch(msgspec.Struct, kw_only=True):
    """Changes of an account: only the given fields."""

    login: Annotated[str, msgspec.Meta(min_length=2, max_length=60, pattern=r"^[\w.@+-]+$")] | UnsetType = UNSET
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=60)] | UnsetType = UNSET
    employee_no: Annotated[str, msgspec.Meta(max_length=40)] | UnsetType = UNSET
    department_id: UUID | UnsetType | None = UNSET
    title: _Short = UNSET
    phone: Annotated[str, msgspec.Meta(max_length=40)] | UnsetType = UNSET
    extension: Annotated[str, msgspec.Meta(max_length=12)] | UnsetType = UNSET
    email: Annotated[str, msgspec.Meta(max_length=120)] | UnsetType = UNSET
    key_serial: _Short = UNSET
    notes: Annotated[str, msgspec.Meta(max_length=4000)] | UnsetType = UNSET


class NewDepartment(departments.DepartmentInput, kw_only=True):
    """A department with what it hangs below; null is the top."""

    parent_id: UUID | None = None


class DepartmentPatch(msgspec.Struct, kw_only=True):
    """Changes of a department: only the given fields. A closed one (`active` false) takes nobody new."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)] | UnsetType = UNSET
    code: Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=r"^[\w.-]+$")] | UnsetType = UNSET
    order: Annotated[int, msgspec.Meta(ge=0, le=9999)] | UnsetType = UNSET
    parent_id: UUID | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET


def _user(user: User) -> UserOut:
    return UserOut(
        id=user.id, login=user.login, name=user.name, employee_no=user.employee_no, department_id=user.department_id,
        title=user.title, extension=user.extension, email=user.email, status=user.status,
    )  # fmt: skip


def _department(row: Department) -> DepartmentOut:
    return DepartmentOut(
        id=row.id, code=row.code, name=row.name, parent_id=row.parent_id, order=row.order, active=row.active
    )


@get("/", permission="users.view", name="users:api_list")
def list_users(
    session: Session,
    actor: Actor,
    cursor: Cursor = "",
    limit: Limit = 50,
    department_id: UUID | None = None,
    q: str = "",
) -> Items[UserOut]:
    """Colleagues by name."""
    query = queries.PeopleQuery(text=q, department_id=department_id, cursor=cursor, limit=limit)
    rows, more = queries.people(session, query)
    return Items([_user(row.User) for row in rows], more or None)


@get("/me", permission="users.view", name="users:api_me")
def get_me(session: Session, actor: Actor) -> UserOut:
    """Whom the token belongs to."""
    return _user(accounts.get_user(session, actor.user_id))


@get("/{user_id:uuid}", permission="users.view", name="users:api_detail")
def get_user(session: Session, user_id: UUID) -> UserOut:
    """One colleague."""
    return _user(accounts.get_user(session, user_id))


@post("/", permission="users.manage", name="users:api_create", status_code=201)
def create_user(session: Session, actor: Actor, data: accounts.UserInput) -> UserOut:
    """A new account; it can sign in once it has a role and a password."""
    return _user(accounts.create_user(session, actor, data))


@patch("/{user_id:uuid}", permission="users.manage", name="users:api_update")
def update_user(session: Session, actor: Actor, user_id: UUID, data: UserPatch) -> UserOut:
    """Change an account; only the given fields."""
    values = _merged(accounts.UserInput, data, accounts.get_user(session, user_id))
    return _user(accounts.update_user(session, actor, user_id, accounts.UserInput(**values)))


def _merged(struct: type[msgspec.Struct], data: msgspec.Struct, row: Any) -> dict[str, Any]:
    """The fields of `struct`: as given in `data`, else as they are in the row."""
    given = {name: getattr(data, name) for name in struct.__struct_fields__}
    return {name: getattr(row, name) if value is UNSET else value for name, value in given.items()}


@get("/", permission="users.view", name="users:api_departments")
def list_departments(session: Session, actor: Actor, cursor: Cursor = "", limit: Limit = 200) -> Items[DepartmentOut]:
    """The tree, parents before children."""
    rows = [row for row, _depth in departments.tree(session)]
    shown, following = cut(rows, lambda row: row.id, cursor, limit)
    return Items([_department(row) for row in shown], following)


@get("/{department_id:uuid}", permission="users.view", name="users:api_department")
def get_department(session: Session, department_id: UUID) -> DepartmentOut:
    """One department."""
    return _department(departments.get_department(session, department_id))


@post("/", permission="users.manage", name="users:api_create_department", status_code=201)
def create_department(session: Session, actor: Actor, data: NewDepartment) -> DepartmentOut:
    """A new department."""
    given = departments.DepartmentInput(name=data.name, code=data.code, order=data.order)
    return _department(departments.create(session, actor, given, parent_id=data.parent_id))


@patch("/{department_id:uuid}", permission="users.manage", name="users:api_update_department")
def update_department(session: Session, actor: Actor, department_id: UUID, data: DepartmentPatch) -> DepartmentOut:
    """Rename, move, close or reopen a department; everything below it moves along."""
    row = departments.get_department(session, department_id)
    values = _merged(departments.DepartmentInput, data, row)
    departments.rename(session, actor, department_id, departments.DepartmentInput(**values))
    if data.parent_id is not UNSET:
        departments.move(session, actor, department_id, data.parent_id)
    if data.active is not UNSET:
        departments.set_active(session, actor, department_id, active=data.active)
    return _department(row)


USERS = [list_users, get_me, get_user, create_user, update_user]
DEPARTMENTS = [list_departments, get_department, create_department, update_department]
