"""Pages of groups, and the dialog that puts customers of the list into one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import drawing, selecting
from platform_core.customers.groups import queries, services
from platform_core.customers.groups.models import Group
from platform_core.customers.groups.services import GroupInput
from platform_core.customers.listing import CUSTOMERS
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.users import labels
from platform_core.users.views import sharing
from platform_core.web.forms import Bound, FormData, bind
from platform_core.web.lists import saved
from platform_core.web.notices import Notice
from platform_core.web.pages import page, redirect
from platform_core.web.routing import get, post

_ = translator("customers")
_VIEW = "customers.view"
_ALL = "/customers/groups"
_ONE = f"{_ALL}/{{group_id:uuid}}"
_TONES = {
    "": _.lazy("none"), "primary": _.lazy("blue"), "jade": _.lazy("green"), "amber": _.lazy("amber"),
    "red": _.lazy("red"), "violet": _.lazy("violet"), "teal": _.lazy("teal"),
}  # fmt: skip


@get(_ALL, permission=_VIEW, name="customers:groups")
def index(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    found = queries.all_of(session, actor)
    return page(
        request, "customers/groups/list.html", active="customers", groups=found,
        counts=queries.counts(session, found), names=labels.labels(session), reaches=sharing.LABELS,
        broken={group.id for group in found if not group.is_fixed and not queries.is_whole(group)},
    )  # fmt: skip


@get(f"{_ALL}/new", permission=_VIEW, name="customers:group_new")
def new(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    return _form(request, session, actor, Bound(values={"reach": "private"}))


@post(_ALL, permission=_VIEW, name="customers:group_create")
def create(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    bound = _bound(session, actor, form)
    try:
        services.create(session, actor, bound.require())
    except Invalid as error:
        return _form(request, session, actor, bound.add(error), status=422)
    return redirect(request, _ALL, Notice(_("The group is saved.")))


@get(_ONE, permission=_VIEW, name="customers:group")
def show(request: Request[Any, Any, Any], session: Session, actor: Actor, group_id: UUID) -> Response[str]:
    group = queries.get(session, actor, group_id)
    values = {"name": group.name, "reach": group.reach, "tone": group.tone, "place_id": sharing.place_of(group) or ""}
    return _form(request, session, actor, Bound(values=values), group=group)


@post(_ONE, permission=_VIEW, name="customers:group_change")
def change(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, group_id: UUID
) -> Response[str]:
    group, bound = queries.get(session, actor, group_id), _bound(session, actor, form)
    try:
        services.change(session, actor, group_id, bound.require(), form.number("version"))
    except Invalid as error:
        return _form(request, session, actor, bound.add(error), group=group, status=422)
    return redirect(request, _ALL, Notice(_("The group is saved.")))


@post(f"{_ONE}/delete", permission=_VIEW, name="customers:group_delete")
def delete(request: Request[Any, Any, Any], session: Session, actor: Actor, group_id: UUID) -> Response[str]:
    services.remove(session, actor, group_id)
    return redirect(request, _ALL, Notice(_("The group is deleted. Its customers are as they were.")))


@post(f"{_ALL}/put", permission=_VIEW, name="customers:group_put", opt={"unkept": True})
def ask(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """Which group, for the customers that were ticked or all that meet the conditions."""
    return _choice(request, session, actor, form)


@post(f"{_ALL}/members", permission=_VIEW, name="customers:group_members")
def put(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    try:
        told = _put(session, actor, form)
    except Invalid as error:
        return _choice(request, session, actor, form, error)
    return redirect(request, "/customers" if form.get("out") else told[1], Notice(told[0]))


def _put(session: Session, actor: Actor, form: FormData) -> tuple[str, str]:
    """A sentence, and the address of the group's customers."""
    chosen = selecting.chosen(session, actor, CUSTOMERS, form, services.MOST)
    if form.get("name").strip() and not form.get("out"):
        group = services.create(session, actor, GroupInput(name=form.get("name")[:60]))
        session.flush()  # its members refer to it
    elif saved.is_key(form.get("group")):
        group = queries.get(session, actor, UUID(form.get("group")))
    else:
        raise sharing.wrong("group", _("Choose a group, or name a new one."))
    if form.get("out"):
        number = services.take_out(session, actor, group.id, chosen.ids)
        return _.ngettext("%(num)d customer was taken out.", "%(num)d customers were taken out.", number), group.url
    number = services.put_in(session, actor, group.id, chosen.ids)
    return _.ngettext("%(num)d customer was put in.", "%(num)d customers were put in.", number), group.url


def _choice(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, error: Invalid | None = None
) -> Response[str]:
    carried = [(name, value) for name in ("ids", "whole", "state") for value in form.getlist(name)]
    if not form.getlist("ids") and not form.get("whole"):
        raise Invalid(_("Choose customers first."))
    groups = [(str(group.id), group.name) for group in services.by_hand(session, actor)]
    return drawing.form_page(
        request, "customers/groups/_put.html", _("Put into a group"), status=422 if error else 200, carried=carried,
        groups=groups, errors=error.fields or {"group": error.message} if error else {}, chosen=form.get("group"),
        typed=form.get("name"), whole=bool(form.get("whole")), number=len(form.getlist("ids")),
    )  # fmt: skip


def _bound(session: Session, actor: Actor, form: FormData) -> Bound[GroupInput]:
    """`view`: a saved view of the customer list whose conditions the group takes over."""
    values: dict[str, Any] = {**form.as_dict(), "place_id": form.get(f"{form.get('reach')}_id")}
    view = saved.find(session, actor, CUSTOMERS, form.get("view"))
    values.pop("conditions", None)
    bound = bind(GroupInput, values)
    if view is not None and bound.value is not None:
        bound.value.conditions, bound.value.any_of = list(view.texts), view.any_of
    return bound


def _form(
    request: Request[Any, Any, Any], session: Session, actor: Actor, bound: Bound[GroupInput], *,
    group: Group | None = None, status: int = 200,
) -> Response[str]:  # fmt: skip
    teams, departments = (sharing.places(session, actor, reach) for reach in ("team", "department"))
    offered = {"private": True, "team": teams, "department": departments, "all": sharing.may_share(actor, "all", None)}
    views = [(item.key, item.name) for item in saved.known(session, actor, CUSTOMERS).values() if item.texts]
    return drawing.form_page(
        request, "customers/groups/_form.html", _("Group"), status=status, form=bound, group=group, teams=teams,
        departments=departments, views=views, tones=[(key, str(label)) for key, label in _TONES.items()],
        may_change=group is None or sharing.may_change(actor, group),
        reaches=[(key, str(sharing.LABELS[key])) for key in sharing.REACHES if offered[key]],
    )  # fmt: skip


HANDLERS = [index, new, create, show, change, delete, ask, put]
