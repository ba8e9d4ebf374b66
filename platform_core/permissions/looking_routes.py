"""Asking to look as somebody else, and going back to oneself."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.permissions import looking
from platform_core.permissions.seeing import PERMISSION
from platform_core.users import stepup
from platform_core.web.forms import Bound, FormData, bind
from platform_core.web.pages import page, redirect
from platform_core.web.routing import SIGNED_IN, get, post

_PAGE = "/settings/users/{user_id:uuid}/see-as"


@get(_PAGE, permission=PERMISSION, name="permissions:see_as")
def ask(request: Request[Any, Any, Any], session: Session, actor: Actor, user_id: UUID) -> Response[str]:
    return _ask(request, session, actor, user_id, Bound())


def _ask(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    user_id: UUID,
    form: Bound[Any],
    *,
    status: int = 200,
    refused: str = "",
) -> Response[str]:
    user = looking.check(session, actor, user_id)
    asked = stepup.asks(request, session, actor, always=True, refused=refused)
    return page(
        request, "permissions/see_as.html", active="users", status=status, user=user, form=form,
        minutes=looking.MINUTES, asked=asked,
    )  # fmt: skip


@post(_PAGE, permission=PERMISSION, name="permissions:begin_seeing")
def begin(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, user_id: UUID
) -> Response[str]:
    """Needs a proof that the looker is there; a wrong one is answered with 200, so that the guess counts."""
    bound = bind(looking.LookInput, form)
    if not bound.ok:
        return _ask(request, session, actor, user_id, bound, status=422)
    looking.check(session, actor, user_id)
    refused = stepup.check(request, session, actor, form, "permissions.see_as", always=True)
    if refused:
        return _ask(request, session, actor, user_id, bound, refused=refused)
    looking.begin(session, actor, user_id, bound.require().reason)
    return redirect(request, "/")


@post("/see-as/end", permission=SIGNED_IN, name="permissions:end_seeing", opt={"looker": True})
def end(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    seen_id = looking.end(session, actor)
    return redirect(request, f"/settings/users/{seen_id}" if seen_id and actor.can("users.view") else "/")


HANDLERS = [ask, begin, end]
