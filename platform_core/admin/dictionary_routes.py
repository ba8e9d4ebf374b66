"""The dictionaries page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.admin import services
from platform_core.admin.merging import services as merging
from platform_core.contracts.identity import Actor
from platform_core.contracts.plugin import Dictionary
from platform_core.customers.custom.keeping import own_lists
from platform_core.kernel.errors import Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.web.forms import Bound, FormData, bind
from platform_core.web.pages import page, redirect
from platform_core.web.requests import platform_of
from platform_core.web.routing import get, post

_ = translator("admin")
TONE_NAMES = {
    "": _.lazy("none"),
    "primary": _.lazy("blue"),
    "jade": _.lazy("green"),
    "amber": _.lazy("amber"),
    "red": _.lazy("red"),
    "violet": _.lazy("violet"),
    "teal": _.lazy("teal"),
}


def _dictionary(request: Request[Any, Any, Any], session: Session, name: str) -> Dictionary:
    found = platform_of(request).manager.declared.dictionaries.get(name)
    own = dict(own_lists(session))
    if found is None and name not in own:
        raise NotFound(_("There is no such dictionary."))
    return found or Dictionary(name, own[name])


def _all(request: Request[Any, Any, Any], session: Session) -> list[Dictionary]:
    """The declared ones, then those of single fields."""
    declared = platform_of(request).manager.declared.dictionaries
    return [*declared, *(Dictionary(name, label) for name, label in own_lists(session))]


@get("/settings/dictionaries", permission="admin.dictionaries", name="admin:dictionaries")
def index(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    return page(
        request, "admin/dictionaries.html", active="dictionaries",
        dictionaries=_all(request, session), counts=services.entry_counts(session),
    )  # fmt: skip


@get("/settings/dictionaries/{name:str}", permission="admin.dictionaries", name="admin:dictionary")
def dictionary(request: Request[Any, Any, Any], session: Session, actor: Actor, name: str) -> Response[str]:
    return _page(request, session, name, Bound())


def _page(
    request: Request[Any, Any, Any], session: Session, name: str, form: Bound[Any], *, entry: UUID | None = None
) -> Response[str]:
    """`entry` is the one whose form was refused; None is the form for a new one."""
    rows = services.entries(session, name)
    return page(
        request, "admin/dictionary.html", active="dictionaries", status=422 if form.errors else 200,
        dictionary=_dictionary(request, session, name), entries=rows, form=form, entry=entry,
        labels={row.code: row.label for row in rows}, merges=merging.latest(session, name),
        tones=[(tone, str(label)) for tone, label in TONE_NAMES.items()],
    )  # fmt: skip


@post("/settings/dictionaries/{name:str}", permission="admin.dictionaries", name="admin:add_entry")
def add(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, name: str) -> Response[str]:
    _dictionary(request, session, name)
    bound = bind(services.EntryInput, form)
    try:
        services.add_entry(session, actor, name, bound.require())
    except Invalid as error:
        return _page(request, session, name, bound.add(error))
    return redirect(request, f"/settings/dictionaries/{name}")


@post("/settings/dictionaries/entries/{entry_id:uuid}", permission="admin.dictionaries", name="admin:change_entry")
def change(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, entry_id: UUID
) -> Response[str]:
    """`do` is save, up, down, disable or enable."""
    row = services.get_entry(session, entry_id)
    do = form.get("do", "save")
    if do in {"up", "down"}:
        services.shift_entry(session, actor, entry_id, -1 if do == "up" else 1)
    elif do in {"disable", "enable"}:
        services.set_entry_active(session, actor, entry_id, active=do == "enable")
    else:
        bound = bind(services.EntryInput, form)
        try:
            services.change_entry(session, actor, entry_id, bound.require())
        except Invalid as error:
            return _page(request, session, row.dictionary, bound.add(error), entry=entry_id)
    return redirect(request, f"/settings/dictionaries/{row.dictionary}")


HANDLERS = [index, dictionary, add, change]
