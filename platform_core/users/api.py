"""Colleagues and departments for programs."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import Parameter
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.users import accounts, departments, queries
from platform_core.users.models import Department, User
from platform_core.web.apis import Items
from platform_core.web.routing import get, patch, post

Limit = Annotated[int, Parameter(ge=1, le=200)]


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


class NewDepartment(departments.DepartmentInput, kw_only=True):
    parent_id: UUID | None = None


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
    session: Session, actor: Actor, cursor: str = "", limit: Limit = 50, department_id: UUID | None = None, q: str = ""
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
    return _user(accounts.get_user(session, user_id))


@post("/", permission="users.manage", name="users:api_create", status_code=201)
def create_user(session: Session, actor: Actor, data: accounts.UserInput) -> UserOut:
    """A new account; it can sign in once it has a role and a password."""
    return _user(accounts.create_user(session, actor, data))


@get("/", permission="users.view", name="users:api_departments")
def list_departments(session: Session, actor: Actor) -> Items[DepartmentOut]:
    """The whole tree, parents before children."""
    return Items([_department(row) for row, _depth in departments.tree(session)])


@post("/", permission="users.manage", name="users:api_create_department", status_code=201)
def create_department(session: Session, actor: Actor, data: NewDepartment) -> DepartmentOut:
    given = departments.DepartmentInput(name=data.name, code=data.code, order=data.order)
    return _department(departments.create(session, actor, given, parent_id=data.parent_id))


class Parent(msgspec.Struct):
    """Where a department hangs; null is the top."""

    parent_id: UUID | None


@patch("/{department_id:uuid}/parent", permission="users.manage", name="users:api_move_department")
def move_department(session: Session, actor: Actor, department_id: UUID, data: Parent) -> DepartmentOut:
    return _department(departments.move(session, actor, department_id, data.parent_id))


USERS = [list_users, get_me, get_user, create_user]
DEPARTMENTS = [list_departments, create_department, move_department]
