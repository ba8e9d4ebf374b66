"""Settings of the kinds of interaction, and the fields of one as the form for a follow-up asks them."""

from __future__ import annotations

from typing import Any

from baton_plugins.activities import presets
from baton_plugins.activities.kinds import fields, keeping
from baton_plugins.activities.kinds.keeping import FieldInput, KindInput

from platform_core.api import (
    Actor,
    Bound,
    FormData,
    Invalid,
    Request,
    Response,
    Routes,
    Session,
    bind,
    dictionaries,
    fragment,
    get,
    page,
    post,
    redirect,
    translator,
)

_ = translator("activities")
PRESETS, WRITE = "activities.presets", "activities.write"
_PLACES = {"panel", "sheet", "page", "row", "calls", "dialog"}


@get("/fields", permission=WRITE, name="activities:kind_fields")
def asked(request: Request[Any, Any, Any], session: Session, kind: str = "", place: str = "panel") -> Response[str]:
    """For the form, when another kind is chosen; about no customer."""
    shown = place if place in _PLACES else "panel"
    return fragment(
        request, "activities/_kind_fields.html", fields=active(session, kind), form=Bound(), id=f"k-{shown}",
        types=fields.types(session),
    )  # fmt: skip


def active(session: Session, code: str) -> list[fields.Field]:
    return [field for field in presets.kind(session, code).fields if field.active]


@get("/", permission=PRESETS, name="activities:kinds")
def index(request: Request[Any, Any, Any], session: Session) -> Response[str]:
    return _page(request, session)


@post("/{code:str}", permission=PRESETS, name="activities:set_kind")
def change(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, code: str) -> Response[str]:
    bound = bind(KindInput, form)
    return _settled(request, session, code, "", bound, lambda data: keeping.change_kind(session, actor, code, data))


@post("/{code:str}/fields", permission=PRESETS, name="activities:add_field")
def add(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, code: str) -> Response[str]:
    bound = bind(FieldInput, form)
    return _settled(request, session, code, "new", bound, lambda data: keeping.add_field(session, actor, code, data))


@post("/{code:str}/fields/{field_id:str}", permission=PRESETS, name="activities:change_field")
def change_field(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, code: str, field_id: str
) -> Response[str]:
    bound = bind(FieldInput, {**form.as_dict(), "active": form.get("active", "0"), "type": "web.text"})
    return _settled(
        request, session, code, field_id, bound,
        lambda data: keeping.change_field(session, actor, code, field_id, data),
    )  # fmt: skip


def _settled(
    request: Request[Any, Any, Any], session: Session, code: str, part: str, bound: Bound[Any], act: Any
) -> Response[str]:
    if bound.ok:
        try:
            act(bound.require())
        except Invalid as error:
            bound.add(error)
        else:
            return redirect(request, f"/settings/kinds#kind-{code}")
    return _page(request, session, refused=(code, part), form=bound)


def _page(
    request: Request[Any, Any, Any],
    session: Session,
    *,
    refused: tuple[str, str] = ("", ""),
    form: Bound[Any] | None = None,
) -> Response[str]:
    """`refused`: which form came back, as (kind, "" or "new" or the field's id)."""
    known = fields.types(session)
    return page(
        request, "activities/kinds.html", status=422 if form is not None else 200, active="kinds",
        kinds=[(entry, presets.kind(session, entry.code)) for entry in _entries(session)],
        types=known, type_pairs=[(key, str(item.label)) for key, item in known.items()], icons=keeping.ICONS,
        refused=refused, form=form or Bound(),
    )  # fmt: skip


def _entries(session: Session) -> list[dictionaries.Entry]:
    return list(dictionaries.entries(session, presets.KINDS).values())


ROUTES = Routes("/settings/kinds", [index, change, add, change_field])
