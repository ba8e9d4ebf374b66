"""One's own page of lent rights, and the list of everybody's for those who manage roles."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor, Permission, Scope
from platform_core.kernel import clock
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.permissions import delegating, queries
from platform_core.permissions.days import beginning_of, end_of
from platform_core.permissions.role_routes import FIELD, MANAGE, asked_rights
from platform_core.users import stepup
from platform_core.web.forms import Bound, FormData, bind
from platform_core.web.notices import Notice
from platform_core.web.pages import page, redirect
from platform_core.web.requests import platform_of
from platform_core.web.routing import SIGNED_IN, get, post

_ = translator("permissions")
_Day = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\d$")]


class LoanForm(msgspec.Struct, kw_only=True):
    """Days of the organisation; `valid_to` is the last one."""

    colleague: str
    valid_from: _Day = ""
    valid_to: _Day
    reason: str


@get(delegating.PAGE, permission=SIGNED_IN, name="permissions:delegations", opt={"personal": True})
def mine(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    return _mine(request, session, actor, Bound(), {})


def _mine(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    form: Bound[Any],
    chosen: dict[str, Scope],
    *,
    refused: str = "",
) -> Response[str]:
    manager = platform_of(request).manager
    given, received = delegating.of_person(session, actor)
    asked = stepup.asks(request, session, actor, always=True, refused=refused)
    return page(
        request, "permissions/delegations.html", active="me", status=422 if form.errors else 200, form=form,
        given=given, received=received,
        lendable=delegating.lendable(actor, manager), choices=lambda permission: _up_to(actor, permission),
        chosen=chosen, colleagues=delegating.colleagues(session, actor), field=FIELD, most_days=delegating.MOST_DAYS,
        in_words=_in_words(request), moment=clock.now(), asked=asked,
    )  # fmt: skip


def _up_to(actor: Actor, permission: Permission) -> list[tuple[str, str]]:
    """The scopes within the actor's own."""
    own = actor.scope(permission.name)
    return [(code, words) for code, words in queries.choices(permission) if Scope[code.upper()] <= own]


def _in_words(request: Request[Any, Any, Any]) -> Any:
    """(right, scope) -> its label and how far, for rights that may have gone with their plugin."""
    declared = {item.value.name: item.value for item in platform_of(request).manager.declared.permissions.installed()}

    def in_words(name: str, scope: Scope) -> str:
        known = declared.get(name)
        return f"{known.label}: {queries.in_words(known, scope)}" if known else name

    return in_words


@post(delegating.PAGE, permission=SIGNED_IN, name="permissions:delegate")
def delegate(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """Needs a proof that the giver is there: rights are not to be lent at a desk that somebody has just left."""
    bound = bind(LoanForm, form)
    chosen = asked_rights(form)
    if not bound.ok:
        return _mine(request, session, actor, bound, chosen)
    refused = stepup.check(request, session, actor, form, "permissions.delegate", always=True)
    if refused:
        return _mine(request, session, actor, bound, chosen, refused=refused)
    try:
        given = bound.require()
        data = msgspec.convert(
            {
                "colleague": given.colleague, "reason": given.reason.strip(),
                "valid_from": beginning_of("valid_from", given.valid_from),
                "valid_to": end_of("valid_to", given.valid_to),
            },
            delegating.DelegationInput,
        )  # fmt: skip
        delegating.delegate(session, actor, platform_of(request).manager, data, chosen)
    except msgspec.ValidationError:
        message = _("Say why, in a few words.")
        return _mine(request, session, actor, bound.add(Invalid(message, fields={"reason": message})), chosen)
    except Invalid as error:
        return _mine(request, session, actor, bound.add(error), chosen)
    return redirect(request, delegating.PAGE, Notice(_("Lent. Your colleague has been told.")))


@post(f"{delegating.PAGE}/{{delegation_id:uuid}}/end", permission=SIGNED_IN, name="permissions:end_delegation")
def end(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, delegation_id: UUID
) -> Response[str]:
    delegating.end(session, actor, delegation_id)
    back = "/settings/delegations" if form.get("back") == "all" else delegating.PAGE
    return redirect(request, back, Notice(_("Ended. It acts on the next page.")))


@get("/settings/delegations", permission=MANAGE, name="permissions:all_delegations")
def everybodys(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    return page(
        request, "permissions/all_delegations.html", active="roles", loans=delegating.everybodys(session),
        in_words=_in_words(request), moment=clock.now(),
    )  # fmt: skip


HANDLERS = [mine, delegate, end, everybodys]
