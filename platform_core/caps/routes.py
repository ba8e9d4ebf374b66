"""Frozen accounts with what they had opened, unfreezing, and the caps themselves."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.caps import settings, thawing
from platform_core.caps.limits import DEFAULTS
from platform_core.caps.settings import MANAGE
from platform_core.caps.thawing import UnfreezeInput
from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.permissions.admission import UNFREEZE
from platform_core.permissions.services import roles
from platform_core.users import stepup
from platform_core.web.forms import Bound, FormData, bind
from platform_core.web.notices import Notice
from platform_core.web.pages import page, redirect
from platform_core.web.routing import get, post

_ = translator("caps")


@get("/settings/frozen", permission=UNFREEZE, name="caps:frozen")
def frozen(request: Request[Any, Any, Any], session: Session) -> Response[str]:
    return page(
        request, "caps/frozen.html", active="frozen", waiting=thawing.frozen(session),
        decided=thawing.decided(session), labels=settings.LABELS,
    )  # fmt: skip


@get("/settings/frozen/{user_id:uuid}", permission=UNFREEZE, name="caps:sheet")
def sheet(request: Request[Any, Any, Any], session: Session, actor: Actor, user_id: UUID) -> Response[str]:
    return _sheet(request, session, actor, user_id, Bound())


def _sheet(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    user_id: UUID,
    form: Bound[Any],
    *,
    status: int = 200,
    refused: str = "",
) -> Response[str]:
    asked = stepup.asks(request, session, actor, always=True, refused=refused)
    freeze, user, standing = thawing.waiting(session, user_id)
    return page(
        request, "caps/sheet.html", active="frozen", status=status, freeze=freeze, user=user, standing=standing,
        viewed=thawing.sheet(session, actor, freeze, user), most=thawing.SHEET, labels=settings.LABELS, form=form,
        asked=asked,
    )  # fmt: skip


@post("/settings/frozen/{user_id:uuid}", permission=UNFREEZE, name="caps:unfreeze")
def unfreeze(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, user_id: UUID
) -> Response[str]:
    """Needs a proof that whoever unfreezes is there.

    A wrong one is answered with the form and 200: a refusal would be rolled back, and the guess would not count.
    """
    bound = bind(UnfreezeInput, form)
    if not bound.ok:
        return _sheet(request, session, actor, user_id, bound, status=422)
    refused = stepup.check(request, session, actor, form, "caps.unfreeze", always=True)
    if refused:
        return _sheet(request, session, actor, user_id, bound, refused=refused)
    thawing.unfreeze(session, actor, user_id, bound.require())
    return redirect(request, "/settings/frozen", Notice(_("The account is unfrozen; its owner can sign in again.")))


@get("/settings/caps", permission=MANAGE, name="caps:caps")
def caps(request: Request[Any, Any, Any], session: Session) -> Response[str]:
    return _caps(request, session, Bound())


def _caps(request: Request[Any, Any, Any], session: Session, form: Bound[Any]) -> Response[str]:
    return page(
        request, "caps/caps.html", active="caps", status=422 if form.errors else 200, roles=roles(session),
        decided=settings.of_roles(session), labels=settings.LABELS, defaults=DEFAULTS, form=form,
    )  # fmt: skip


@post("/settings/caps", permission=MANAGE, name="caps:save_caps")
def save_caps(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """Every role's caps at once; fields are named `<counter>-<id of the role>`."""
    errors: dict[str, str] = {}
    for role in roles(session):
        names = {counter: f"{counter}-{role.id.hex}" for counter in DEFAULTS}
        typed = {counter: form.get(name) for counter, name in names.items() if name in form}
        try:
            settings.set_role(session, actor, role.id, settings.read(typed))
        except Invalid as error:
            errors |= {names[counter]: message for counter, message in error.fields.items()}
    if errors:
        return _caps(request, session, Bound(values=dict(form.as_dict()), errors=errors))
    return redirect(request, "/settings/caps", Notice(_("Saved. The caps hold from the next customer on.")))


@post("/settings/users/{user_id:uuid}/caps", permission=MANAGE, name="caps:save_user")
def save_user(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, user_id: UUID
) -> Response[str]:
    """The caps of one person; an empty field goes back to those of their roles."""
    settings.set_user(session, actor, user_id, settings.read({name: form.get(name) for name in DEFAULTS}))
    return redirect(request, f"/settings/users/{user_id}?done=saved")


HANDLERS = [frozen, sheet, unfreeze, caps, save_caps, save_user]
