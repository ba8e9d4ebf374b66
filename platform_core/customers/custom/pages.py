"""Settings: the fields that the firm gives to its customers."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers.custom import definitions, indexes, inputs, keeping
from platform_core.customers.custom.keeping import PERMISSION, FieldInput
from platform_core.kernel import dictionaries
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.web.forms import Bound, FormData, bind
from platform_core.web.notices import Notice
from platform_core.web.pages import fragment, page, redirect
from platform_core.web.requests import platform_of
from platform_core.web.routing import get, post

_ = translator("customers")
PATH = "/settings/fields"


@get(PATH, permission=PERMISSION, name="customers:fields")
def index(request: Request[Any, Any, Any], session: Session) -> Response[str]:
    return page(
        request, "customers/fields/list.html", active="fields",
        groups=definitions.grouped(list(definitions.known(session).fields)), indexed=indexes.present(session),
    )  # fmt: skip


@get(f"{PATH}/new", permission=PERMISSION, name="customers:new_field")
def new(request: Request[Any, Any, Any], session: Session) -> Response[str]:
    return _form(request, session, Bound(), "")


@post(f"{PATH}/new", permission=PERMISSION, name="customers:add_field")
def add(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    bound = _bound(form)
    if bound.ok:
        try:
            item = keeping.add(session, actor, bound.require())
            notice = Notice(_("The field %(name)s is there. It is asked from now on.", name=item.label))
            return redirect(request, PATH, notice)
        except Invalid as error:
            bound.add(error)
    return _form(request, session, bound, "", status=422)


@post(f"{PATH}/preview", permission=PERMISSION, name="customers:preview_field", opt={"unkept": True})
def preview(request: Request[Any, Any, Any], session: Session, form: FormData) -> Response[str]:
    """How the field will stand in the form, while it is still being described."""
    return fragment(request, "customers/fields/_preview.html", **_preview(session, _bound(form)))


@get(f"{PATH}/{{key:str}}", permission=PERMISSION, name="customers:field")
def detail(request: Request[Any, Any, Any], session: Session, key: str) -> Response[str]:
    item = keeping.get(session, key)
    values = {name: getattr(item.data, name) for name in item.data.__struct_fields__}
    return _form(request, session, Bound(values={**values, "label": item.label, "key": key}), key)


@post(f"{PATH}/{{key:str}}", permission=PERMISSION, name="customers:change_field")
def change(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, key: str) -> Response[str]:
    """`do` is save, up, down, disable or enable."""
    do = form.get("do", "save")
    if do in {"up", "down"}:
        keeping.shift(session, actor, key, -1 if do == "up" else 1)
        return redirect(request, PATH)
    if do in {"disable", "enable"}:
        keeping.set_active(session, actor, key, active=do == "enable")
        return redirect(request, PATH)
    bound = _bound(form)
    if bound.ok:
        try:
            keeping.change(session, actor, key, bound.require())
            return redirect(request, PATH, Notice(_("Saved.")))
        except Invalid as error:
            bound.add(error)
    return _form(request, session, bound, key, status=422)


def _bound(form: FormData) -> Bound[FieldInput]:
    bound = bind(FieldInput, form)
    bound.values["classifications"] = [code for code in form.getlist("classifications") if code]
    return bound


def _preview(session: Session, bound: Bound[FieldInput]) -> dict[str, Any]:
    data = FieldInput(label=bound.get("label") or _("A field"))
    for name in ("type", "help", "default", "dictionary", "group"):
        if bound.get(name):
            setattr(data, name, str(bound.get(name)))
    data.required = str(bound.get("required")) in {"1", "True"}
    item = keeping.draft(session, data)
    lines = [line.strip() for line in str(bound.get("entries") or "").splitlines() if line.strip()]
    own = inputs.shown(session, Bound(), [item])
    if lines and own and item.widget in definitions.CHOOSING:
        title, (shown,) = own[0]
        own = [(title, [inputs.Input(item, shown.value, [(line, line) for line in lines])])]
    return {"own": own, "form": Bound()}


def _form(
    request: Request[Any, Any, Any], session: Session, bound: Bound[FieldInput], key: str, status: int = 200
) -> Response[str]:
    item = keeping.get(session, key) if key else None
    declared = platform_of(request).manager.declared.dictionaries
    lists = [(entry.name, str(entry.label)) for entry in declared]
    return page(
        request, "customers/fields/form.html", active="fields", status=status, form=bound, item=item,
        touched=keeping.touched(session, key) if item else None, types=keeping.types(session),
        lists=[*lists, *keeping.own_lists(session)],
        classes=dictionaries.choices(session, "customers.classification"), **_preview_of(session, bound, item),
    )  # fmt: skip


def _preview_of(session: Session, bound: Bound[FieldInput], item: definitions.Field | None) -> dict[str, Any]:
    if item is not None:
        bound.values.setdefault("type", item.data.type)
        bound.values.setdefault("dictionary", item.data.dictionary)
    return {"preview": _preview(session, bound)}


HANDLERS = [index, new, add, preview, detail, change]
