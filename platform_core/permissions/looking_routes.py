"""Asking to look as somebody else, and going back to oneself."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.kernel.i18n import translator
from platform_core.permissions import looking
from platform_core.permissions.seeing import PERMISSION
from platform_core.users import accounts, stepup
from platform_core.web.forms import Bound, FormData, bind
from platform_core.web.pages import page, redirect
from platform_core.web.routing import SIGNED_IN, get, post

_ = translator("permissions")
_PAGE = "/settings/users/{user_id:uuid}/see-as"


@get(_PAGE, permission=PERMISSION, name="permissions:see_as")
def ask(request: Request[Any, Any, Any], session: Session, actor: Actor, user_id: UUID) -> Response[str]:
    return _ask(request, session, actor, user_id, Bound())


def _ask(
    request: Request[Any, Any, Any], session: Session, actor: Actor, user_id: UUID, form: Bound[Any], status: int = 200
) -> Response[str]:
    user = looking.check(session, actor, user_id)
    return page(
        request, "permissions/see_as.html", active="users", status=status, user=user, form=form,
        minutes=looking.MINUTES,
    )  # fmt: skip


@post(_PAGE, permission=PERMISSION, name="permissions:begin_seeing")
def begin(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, user_id: UUID
) -> Response[str]:
    """Needs the looker's password; a wrong one is answered with the form and 200, so that the guess counts."""
    bound = bind(looking.LookInput, form)
    if not bound.ok:
        return _ask(request, session, actor, user_id, bound, status=422)
    looking.check(session, actor, user_id)
    me = accounts.get_user(session, actor.user_id)
    refused = stepup.check_password(session, actor, me, form.get("password"), "permissions.see_as")
    if refused:
        messages = {
            "wrong": _("That was not your password. You still see Baton as yourself."),
            "wait": _("Too many attempts. Please wait a few minutes, then try again."),
        }
        bound.errors["password"] = messages[refused]
        return _ask(request, session, actor, user_id, bound)
    looking.begin(session, actor, user_id, bound.require().reason)
    return redirect(request, "/")


@post("/see-as/end", permission=SIGNED_IN, name="permissions:end_seeing", opt={"looker": True})
def end(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    seen_id = looking.end(session, actor)
    return redirect(request, f"/settings/users/{seen_id}" if seen_id and actor.can("users.view") else "/")


HANDLERS = [ask, begin, end]
