"""Roles: the list with its matrix, the editor of one role, and what a change means before it is stored."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor, Scope
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.permissions import editing, queries, services
from platform_core.permissions.models import Role
from platform_core.users import stepup
from platform_core.web.forms import Bound, FormData, bind, initial
from platform_core.web.pages import page, redirect
from platform_core.web.requests import platform_of
from platform_core.web.routing import get, post

_ = translator("permissions")
MANAGE = "permissions.manage"
_ROLE = "/settings/roles/{role_id:uuid}"
FIELD = "right."


@get("/settings/roles", permission=MANAGE, name="permissions:roles")
def roles(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    return _index(request, session, initial(editing.RoleInput, copy_of=request.query_params.get("copy_of")))


def _index(request: Request[Any, Any, Any], session: Session, form: Bound[Any]) -> Response[str]:
    found, groups = queries.matrix(session, platform_of(request).manager)
    everything = services.roles(session, retired=True)
    return page(
        request, "permissions/roles.html", active="roles", status=422 if form.errors else 200,
        roles=found, groups=groups, ungiven=queries.ungiven(platform_of(request).manager, found, groups),
        holders=queries.holders(session), form=form,
        retired=[role for role in everything if role.retired_at is not None],
        options=[(role.id, role.name) for role in everything],
    )  # fmt: skip


@post("/settings/roles", permission=MANAGE, name="permissions:create_role")
def create(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    unproved = stepup.first(request, session, actor, "/settings/roles")
    if unproved:
        return unproved
    bound = bind(editing.RoleInput, form)
    try:
        role = editing.create_role(session, actor, bound.require())
    except Invalid as error:
        return _index(request, session, bound.add(error))
    return redirect(request, f"/settings/roles/{role.id}?done=created")


@get(_ROLE, permission=MANAGE, name="permissions:role")
def show(
    request: Request[Any, Any, Any], session: Session, actor: Actor, role_id: UUID, done: str = ""
) -> Response[str]:
    """The editor; `q` narrows the rights to words of their names. Only rights that are shown are stored."""
    notices = {
        "created": _("The role is made. Choose its rights, then give it on the pages of the accounts."),
        "saved": _("Saved. It acts on everybody's next page."),
    }
    role = editing.get_role(session, role_id)
    form = initial(editing.RoleName, name=role.name)
    return _editor(request, session, role, form, notice=notices.get(done, ""))


def _editor(
    request: Request[Any, Any, Any], session: Session, role: Role, form: Bound[Any], *, notice: str = ""
) -> Response[str]:
    words = request.query_params.get("q", "").strip()[:100]
    groups = queries.rights(session, platform_of(request).manager, role, words)
    acts, modules = queries.by_module(groups)
    return page(
        request, "permissions/role.html", partial="permissions/_role_rights.html", active="roles",
        status=422 if form.errors else 200, role=role, form=form, words=words, notice=notice,
        groups=groups, acts=acts, modules=modules, choices=queries.choices,
        people=queries.holders(session).get(role.id, []), field=FIELD,
    )  # fmt: skip


@post(f"{_ROLE}/name", permission=MANAGE, name="permissions:rename_role")
def rename(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, role_id: UUID
) -> Response[str]:
    bound = bind(editing.RoleName, form)
    try:
        editing.rename(session, actor, role_id, bound.require().name)
    except Invalid as error:
        return _editor(request, session, editing.get_role(session, role_id), bound.add(error))
    return redirect(request, f"/settings/roles/{role_id}?done=saved")


@post(f"{_ROLE}/retired", permission=MANAGE, name="permissions:retire_role")
def retire(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, role_id: UUID
) -> Response[str]:
    unproved = stepup.first(request, session, actor, f"/settings/roles/{role_id}")
    if unproved:
        return unproved
    editing.retire(session, actor, role_id, retired=form.get("retired") == "1")
    return redirect(request, f"/settings/roles/{role_id}?done=saved")


@post(f"{_ROLE}/preview", permission=MANAGE, name="permissions:preview_role", opt={"unkept": True})
def preview(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, role_id: UUID
) -> Response[str]:
    """What would change, and for how many people. Stores nothing. `shut`: a module of which every right is to go."""
    return _preview(request, session, actor, form, role_id)


def _preview(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    form: FormData,
    role_id: UUID,
    *,
    refused: str = "",
) -> Response[str]:
    role = editing.get_role(session, role_id, version=_version(form))
    manager = platform_of(request).manager
    found = editing.changes(session, manager, role, asked_rights(form) | editing.shutting(manager, form.get("shut")))
    asked = stepup.asks(request, session, actor, refused=refused)
    return page(
        request, "permissions/role_preview.html", active="roles", role=role, changes=found,
        people=editing.people_with(session, role.id), in_words=queries.in_words, field=FIELD,
        own=editing.holds(session, actor, role) and any(change.widens for change in found),
        asked=asked,
    )  # fmt: skip


@post(f"{_ROLE}/rights", permission=MANAGE, name="permissions:store_role")
def store(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, role_id: UUID
) -> Response[str]:
    refused = stepup.check(request, session, actor, form, "permissions.edit_role")
    if refused:
        return _preview(request, session, actor, form, role_id, refused=refused)
    manager = platform_of(request).manager
    editing.change_grants(session, actor, manager, role_id, asked_rights(form), version=_version(form))
    return redirect(request, f"/settings/roles/{role_id}?done=saved")


def _version(form: FormData) -> int:
    version = form.number("version")
    if version is None:
        raise Invalid(_("This form is not whole. Reload the page."))
    return version


def asked_rights(form: FormData) -> dict[str, Scope]:
    """Right -> scope of every right in the form. Raises Invalid for a scope that does not exist."""
    try:
        return {
            name.removeprefix(FIELD): Scope[code.upper()]
            for name, code in form.as_dict().items()
            if name.startswith(FIELD)
        }
    except KeyError as error:
        raise Invalid(_("Choose how far each right reaches.")) from error


HANDLERS = [roles, create, show, rename, retire, preview, store]
