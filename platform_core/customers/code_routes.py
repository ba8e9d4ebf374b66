"""Settings: the rules by which customers get their codes."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import codes, fields
from platform_core.customers.codes import PERMISSION, Rule
from platform_core.kernel.errors import Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.web.apis import Items
from platform_core.web.forms import Bound, FormData, bind
from platform_core.web.notices import Notice
from platform_core.web.pages import fragment, page, redirect
from platform_core.web.routing import get, post, put

_ = translator("customers")
_PATH = "/settings/codes"
PERIODS = {
    "never": _.lazy_pgettext("code rule", "no date"), "year": _.lazy("Year"), "month": _.lazy("Year and month"),
    "day": _.lazy("Year, month and day"),
}  # fmt: skip
RESETS = {
    "never": _.lazy_pgettext("code rule", "never"), "year": _.lazy("every year"), "month": _.lazy("every month"),
    "day": _.lazy("every day"),
}  # fmt: skip
TYPED = {
    "either": _.lazy("by this rule, or typed"), "generated": _.lazy("by this rule only"),
    "typed": _.lazy("typed by hand only"),
}  # fmt: skip


class RuleOut(msgspec.Struct):
    """`example` is the code that the next customer of this kind would get."""

    kind: str
    rule: Rule
    example: str


@get(_PATH, permission=PERMISSION, name="customers:codes")
def index(request: Request[Any, Any, Any], session: Session) -> Response[str]:
    return _page(request, session, {})


@post(f"{_PATH}/{{kind:str}}", permission=PERMISSION, name="customers:change_code")
def change(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, kind: str) -> Response[str]:
    _check_kind(kind)
    bound = bind(Rule, form)
    if bound.ok:
        try:
            codes.change(session, actor, kind, _whole(bound, form))
            return redirect(request, _PATH, Notice(_("Saved.")))
        except Invalid as error:
            bound.add(error)
    return _page(request, session, {kind: bound}, status=422)


@post(f"{_PATH}/{{kind:str}}/example", permission=PERMISSION, name="customers:example_code", opt={"unkept": True})
def example(request: Request[Any, Any, Any], session: Session, form: FormData, kind: str) -> Response[str]:
    """The next code by the rule as it stands in the form."""
    _check_kind(kind)
    bound = bind(Rule, form)
    shown = codes.example(session, _whole(bound, form)) if bound.ok else ""
    return fragment(request, "customers/_code_example.html", kind=kind, example=shown)


@get("/", permission="customers.view", name="customers:api_codes")
def api_list(session: Session, actor: Actor) -> Items[RuleOut]:
    """The rule of each kind of customer."""
    return Items([_out(session, kind) for kind in codes.KINDS])


@put("/{kind:str}", permission=PERMISSION, name="customers:api_change_code")
def api_change(session: Session, actor: Actor, kind: str, data: Rule) -> RuleOut:
    """Replace the rule of `organisation` or `person`; codes that were given stay."""
    _check_kind(kind)
    codes.change(session, actor, kind, data)
    return _out(session, kind)


def _out(session: Session, kind: str) -> RuleOut:
    rule = codes.of(session, kind)
    return RuleOut(kind, rule, codes.example(session, rule))


def _check_kind(kind: str) -> None:
    if kind not in codes.KINDS:
        raise NotFound(_("This page does not exist."))


def _whole(bound: Bound[Rule], form: FormData) -> Rule:
    """What was emptied is meant to be empty: blank is no default here."""
    emptied = {name: "" for name in ("prefix", "separator") if name in form and not form.get(name).strip()}
    return msgspec.structs.replace(bound.require(), **emptied)


def _page(
    request: Request[Any, Any, Any], session: Session, refused: dict[str, Bound[Rule]], status: int = 200
) -> Response[str]:
    forms = []
    for kind in codes.KINDS:
        rule = codes.of(session, kind)
        bound = refused.get(kind) or Bound(values=msgspec.to_builtins(rule))
        forms.append((kind, str(fields.KINDS[kind]), bound, codes.example(session, rule)))
    return page(
        request, "customers/codes.html", active="fields", status=status, forms=forms, periods=list(PERIODS.items()),
        resets=list(RESETS.items()), typed=list(TYPED.items()),
        separators=[("", _("none")), *((sign, sign) for sign in "-/.")],
    )  # fmt: skip


HANDLERS = [index, change, example]
API_HANDLERS = [api_list, api_change]
