"""Settings: the rules of the pool, as pages and for programs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers.pool import rules
from platform_core.customers.pool.rules import LEADS, OTHERS, PERMISSION, Idle, Limits
from platform_core.kernel import dictionaries
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.users import labels
from platform_core.web.forms import Bound, FormData, bind
from platform_core.web.notices import Notice
from platform_core.web.pages import page, redirect
from platform_core.web.routing import get, post, put

_ = translator("customers")
_PATH = "/settings/pool"


class PersonLimits(Limits, kw_only=True, frozen=True):
    """Limits of one person."""

    user_id: UUID | None = None


class RulesOut(msgspec.Struct, kw_only=True):
    """`idle`: class, `~lead` or `~others` -> days without contact and of warning; `persons`: those with own limits."""

    idle: dict[str, Idle]
    limits: Limits
    persons: dict[UUID, Limits]


class IdleInput(msgspec.Struct, kw_only=True):
    """Classes that are not named stay as they are."""

    idle: dict[str, Idle]


@get(_PATH, permission=PERMISSION, name="customers:pool_rules")
def index(request: Request[Any, Any, Any], session: Session) -> Response[str]:
    return _page(request, session)


@post(f"{_PATH}/idle", permission=PERMISSION, name="customers:pool_set_idle")
def set_idle(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    bound: Bound[IdleInput] = Bound(values=form.as_dict())
    wanted = {}
    for code, _title in _classes(session):
        one = bind(Idle, {name: form.get(f"{code}.{name}") for name in ("days", "warn")})
        bound.errors.update({f"{code}.{name}": message for name, message in one.errors.items()})
        if one.value is not None:
            wanted[code] = one.value
    if not bound.errors:
        try:
            rules.change_idle(session, actor, wanted)
            return redirect(request, _PATH, Notice(_("Saved.")))
        except Invalid as error:
            bound.add(error)
    return _page(request, session, idle=bound)


@post(f"{_PATH}/limits", permission=PERMISSION, name="customers:pool_set_limits")
def set_limits(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """For everybody or, with a `user_id` field, for one person."""
    bound = bind(PersonLimits, form)
    try:
        data = bound.require()
        if "user_id" in form:
            _must_name(data)
        rules.change_limits(session, actor, _plain(data), data.user_id)
    except Invalid as error:
        bound.add(error)
        return _page(request, session, **{"person" if "user_id" in form else "limits": bound})
    return redirect(request, _PATH, Notice(_("Saved.")))


def _must_name(data: PersonLimits) -> None:
    if data.user_id is None:
        message = _("Please choose from the list.")
        raise Invalid(message, fields={"user_id": message})


def _plain(data: Limits) -> Limits:
    return Limits(leads=data.leads, customers=data.customers, claims=data.claims, cooldown=data.cooldown)


@post(f"{_PATH}/person/{{user_id:uuid}}/forget", permission=PERMISSION, name="customers:pool_forget_person")
def forget(request: Request[Any, Any, Any], session: Session, actor: Actor, user_id: UUID) -> Response[str]:
    rules.forget_person(session, actor, user_id)
    return redirect(request, _PATH, Notice(_("Saved.")))


def _classes(session: Session) -> list[tuple[str, str]]:
    known = dictionaries.entries(session, "customers.classification")
    named = [(code, str(entry.label)) for code, entry in known.items()]
    return [(LEADS, _("Leads")), *named, (OTHERS, _("All other customers"))]


def _page(
    request: Request[Any, Any, Any], session: Session, *, idle: Bound[Any] | None = None,
    limits: Bound[Any] | None = None, person: Bound[Any] | None = None,
) -> Response[str]:  # fmt: skip
    stored, common = rules.idle(session), msgspec.to_builtins(rules.limits(session))
    names = labels.labels(session)
    own = [(key, names.person(key), found) for key, found in rules.exceptions(session).items()]
    return page(
        request, "customers/pool/rules.html", active="pool_rules", status=422 if idle or limits or person else 200,
        rows=[(code, title, stored.get(code, Idle())) for code, title in _classes(session)],
        idle=idle or Bound(), limits=limits or Bound(values=common), person=person or Bound(values=common),
        people=labels.person_choices(session), exceptions=sorted(own, key=lambda item: item[1]),
    )  # fmt: skip


@get("/rules", permission=PERMISSION, name="customers:api_pool_rules")
def api_rules(session: Session, actor: Actor) -> RulesOut:
    """The rules of the pool."""
    return _out(session)


@put("/rules/idle", permission=PERMISSION, name="customers:api_pool_idle")
def api_idle(session: Session, actor: Actor, data: IdleInput) -> RulesOut:
    """Days without contact after which customers of a class go back."""
    known = dict(_classes(session))
    unknown = [code for code in data.idle if code not in known]
    if unknown:
        raise Invalid(_("Please choose from the list."), fields={f"idle.{code}": _("unknown") for code in unknown})
    rules.change_idle(session, actor, data.idle)
    return _out(session)


@put("/rules/limits", permission=PERMISSION, name="customers:api_pool_limits")
def api_limits(session: Session, actor: Actor, data: PersonLimits) -> RulesOut:
    """What one person may take and hold: everybody or, with `user_id`, that one."""
    rules.change_limits(session, actor, _plain(data), data.user_id)
    return _out(session)


def _out(session: Session) -> RulesOut:
    return RulesOut(idle=rules.idle(session), limits=rules.limits(session), persons=dict(rules.exceptions(session)))


HANDLERS = [index, set_idle, set_limits, forget]
API_HANDLERS = [api_rules, api_idle, api_limits]
