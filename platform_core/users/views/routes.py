"""Pages of saved views: keeping one, changing it, and what the reader makes of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import Forbidden, Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.users.views import services, sharing
from platform_core.users.views.models import SavedView
from platform_core.users.views.services import ViewInput
from platform_core.web.endpoint import SIGNED_IN
from platform_core.web.forms import Bound, FormData, bind
from platform_core.web.lists import dialogs
from platform_core.web.lists.declaration import ListView, declared_lists
from platform_core.web.notices import Notice
from platform_core.web.pages import page, redirect
from platform_core.web.routing import get, post

_ = translator("users")
_ONE = "/views/{view_id:uuid}"


def list_of(actor: Actor, key: str) -> ListView:
    """Raises NotFound for a list that is not there at present, Forbidden for one that the actor may not see."""
    view = declared_lists().get(key)
    if view is None:
        raise NotFound(_("There is no such list, or its plugin is off."))
    if not actor.may_enter(view.permission):
        raise Forbidden(_("You may not see this list."), lacks=view.permission)
    return view


@get("/views/new", permission=SIGNED_IN, name="users:view_new")
def new(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    pairs = list(request.query_params.multi_items())
    view = list_of(actor, request.query_params.get("list", ""))
    query = dialogs.query_of(pairs, {"list"})
    shown = dialogs.from_query(session, actor, view, query)
    values = {"name": shown.base.name if shown.base else "", "reach": "private", "pinned": "1"}
    return _form(request, session, actor, view, Bound(values=values), query=query)


@post("/views", permission=SIGNED_IN, name="users:view_create")
def create(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    view = list_of(actor, form.get("list"))
    bound = _bound(form)
    try:
        state = dialogs.from_query(session, actor, view, form.get("state"))
        made = services.create(session, actor, state, bound.require())
    except Invalid as error:
        return _form(request, session, actor, view, bound.add(error), query=form.get("state"), status=422)
    if form.get("home"):
        session.flush()  # it is looked for among the views that there are
        services.open_with(session, actor, view, str(made.id))
    return redirect(request, _url(view, made), Notice(_("The view is saved.")))


@get(_ONE, permission=SIGNED_IN, name="users:view")
def show(request: Request[Any, Any, Any], session: Session, actor: Actor, view_id: UUID) -> Response[str]:
    found = services.get(session, actor, view_id)
    values = {
        "name": found.name, "reach": found.reach, "pinned": "1" if found.pinned else "",
        "place_id": str(found.team_id or found.department_id or ""),
    }  # fmt: skip
    return _form(request, session, actor, list_of(actor, found.list_key), Bound(values=values), found=found)


@post(_ONE, permission=SIGNED_IN, name="users:view_change")
def change(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, view_id: UUID
) -> Response[str]:
    found, bound = services.get(session, actor, view_id), _bound(form)
    view = list_of(actor, found.list_key)
    try:
        services.change(session, actor, view_id, bound.require(), form.number("version"))
    except Invalid as error:
        return _form(request, session, actor, view, bound.add(error), found=found, status=422)
    return redirect(request, _url(view, found), Notice(_("The view is saved.")))


@post(f"{_ONE}/keep", permission=SIGNED_IN, name="users:view_keep")
def keep(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, view_id: UUID
) -> Response[str]:
    view = list_of(actor, services.get(session, actor, view_id).list_key)
    state = dialogs.from_query(session, actor, view, form.get("state"))
    found = services.keep(session, actor, view_id, state, form.number("version"))
    return redirect(request, _url(view, found), Notice(_("The view is saved.")))


@post(f"{_ONE}/delete", permission=SIGNED_IN, name="users:view_delete")
def delete(request: Request[Any, Any, Any], session: Session, actor: Actor, view_id: UUID) -> Response[str]:
    found = services.delete(session, actor, view_id)
    view = declared_lists().get(found.list_key)
    # What it showed stays on the screen: saving that brings the view back.
    shown = _spelled(session, actor, view, found) if view else "/"
    told = _("The view “%(name)s” is deleted. Its list is still here: save it again to bring it back.", name=found.name)
    return redirect(request, shown, Notice(told))


@post(f"{_ONE}/pin", permission=SIGNED_IN, name="users:view_pin")
def pin(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, view_id: UUID
) -> Response[str]:
    found = services.pin(session, actor, view_id, on=bool(form.get("on")))
    return redirect(request, _url(list_of(actor, found.list_key), found))


@post("/views/home", permission=SIGNED_IN, name="users:view_home")
def open_with(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """Which view the list opens with for this reader; none is the first one."""
    view = list_of(actor, form.get("list"))
    services.open_with(session, actor, view, form.get("view"))
    return redirect(request, view.path, Notice(_("From now on the list opens like this for you.")))


def _spelled(session: Session, actor: Actor, view: ListView, found: SavedView) -> str:
    pairs = [*(("f", text) for text in found.conditions or [""]), ("sort", found.sort)]
    try:
        asked = dialogs.from_query(session, actor, view, dialogs.query_of([*pairs, ("any", str(int(found.any_of)))]))
    except Invalid:  # of a plugin that is gone
        return f"{view.path}?f="
    return asked.url()


def _url(view: ListView, found: SavedView) -> str:
    return f"{view.path}?view={found.id}"


def _bound(form: FormData) -> Bound[ViewInput]:
    """`place_id` comes by the reach that was chosen: `team_id` or `department_id`."""
    values = {**form.as_dict(), "place_id": form.get(f"{form.get('reach')}_id"), "pinned": bool(form.get("pinned"))}
    bound = bind(ViewInput, values)
    bound.values["pinned"] = form.get("pinned")
    return bound


def _form(
    request: Request[Any, Any, Any], session: Session, actor: Actor, view: ListView, bound: Bound[ViewInput], *,
    query: str = "", found: SavedView | None = None, status: int = 200,
) -> Response[str]:  # fmt: skip
    teams, departments = (sharing.places(session, actor, reach) for reach in ("team", "department"))
    offered = {"private": True, "team": teams, "department": departments, "all": sharing.may_share(actor, "all", None)}
    return page(
        request, "users/view.html", partial="users/_view.html", status=status, active=view.key, view=view, form=bound,
        query=query, found=found, teams=teams, departments=departments,
        may_change=found is None or sharing.may_change(actor, found),
        reaches=[(key, str(sharing.LABELS[key])) for key in sharing.REACHES if offered[key]],
        reach_names=sharing.LABELS,
    )  # fmt: skip


HANDLERS = [new, create, show, change, keep, delete, pin, open_with]
