"""The department tree."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import Conflict, Invalid
from platform_core.kernel.i18n import translator
from platform_core.users import departments
from platform_core.web.forms import Bound, FormData, bind, initial
from platform_core.web.pages import page, redirect
from platform_core.web.routing import get, post

_ = translator("admin")


def _parent(form: FormData) -> UUID | None:
    """Raises Invalid for something that is not an id; empty is the top."""
    text = form.get("parent_id")
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise Invalid(fields={"parent_id": _("Choose a department.")}) from error


@get("/settings/departments", permission="users.manage", name="admin:departments")
def index(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    return _index(request, session, initial(departments.DepartmentInput))


def _index(request: Request[Any, Any, Any], session: Session, form: Bound[Any]) -> Response[str]:
    return page(
        request, "admin/departments.html", active="departments", status=422 if form.errors else 200,
        tree=departments.tree(session), people=departments.head_counts(session),
        choices=departments.choices(session), form=form,
    )  # fmt: skip


@post("/settings/departments", permission="users.manage", name="admin:create_department")
def create(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    bound = bind(departments.DepartmentInput, form)
    try:
        departments.create(session, actor, bound.require(), parent_id=_parent(form))
    except Invalid as error:
        return _index(request, session, bound.add(error))
    return redirect(request, "/settings/departments")


@get("/settings/departments/{department_id:uuid}", permission="users.manage", name="admin:department")
def edit(request: Request[Any, Any, Any], session: Session, actor: Actor, department_id: UUID) -> Response[str]:
    row = departments.get_department(session, department_id)
    values = {"name": row.name, "code": row.code, "order": row.order, "parent_id": row.parent_id}
    return _edit(request, session, department_id, initial(departments.DepartmentInput, **values))


def _edit(
    request: Request[Any, Any, Any], session: Session, department_id: UUID, form: Bound[Any], message: str = ""
) -> Response[str]:
    row = departments.get_department(session, department_id)
    return page(
        request, "admin/department.html", active="departments",
        status=422 if form.errors else 409 if message else 200, department=row, form=form, message=message,
        choices=[item for item in departments.choices(session, current=row.parent_id) if item[0] != str(row.id)],
    )  # fmt: skip


@post("/settings/departments/{department_id:uuid}", permission="users.manage", name="admin:save_department")
def save(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, department_id: UUID
) -> Response[str]:
    """Name, code and order, and what it hangs below."""
    bound = bind(departments.DepartmentInput, form)
    try:
        departments.rename(session, actor, department_id, bound.require())
        departments.move(session, actor, department_id, _parent(form))
    except Invalid as error:
        return _edit(request, session, department_id, bound.add(error))
    except Conflict as error:
        return _edit(request, session, department_id, bound, error.message)
    return redirect(request, "/settings/departments")


@post("/settings/departments/{department_id:uuid}/active", permission="users.manage", name="admin:close_department")
def set_active(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, department_id: UUID
) -> Response[str]:
    departments.set_active(session, actor, department_id, active=form.get("active") == "1")
    return redirect(request, "/settings/departments")


HANDLERS = [index, create, edit, save, set_active]
