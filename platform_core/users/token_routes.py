"""One's own API tokens."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import Conflict, Invalid
from platform_core.kernel.i18n import translator
from platform_core.users import stepup, tokens
from platform_core.web.endpoint import SIGNED_IN
from platform_core.web.forms import Bound, FormData, bind, initial
from platform_core.web.pages import page, redirect
from platform_core.web.routing import get, post

_ = translator("users")
_PATH = "/me/tokens"


@get("/tokens", permission=SIGNED_IN, name="users:tokens", opt={"personal": True})
def index(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    return _page(request, session, actor, initial(tokens.TokenInput, days=tokens.LIVES[1]))


@post("/tokens", permission=SIGNED_IN, name="users:create_token", opt={"unkept": True})
def create(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """Answers with the token itself, which nobody can read again: so it is not kept with an idempotency key."""
    bound = bind(tokens.TokenInput, form)
    made = ""
    if bound.ok:
        unproved = stepup.first(request, session, actor, _PATH) if bound.require().changes_rights else None
        if unproved:
            return unproved
        try:
            made = tokens.create(session, actor, bound.require())
        except Invalid as error:
            return _page(request, session, actor, bound.add(error), status=422)
        except Conflict as error:
            return _page(request, session, actor, bound, status=409, message=error.message)
        session.flush()  # the list below shows the new one
        bound = initial(tokens.TokenInput, days=tokens.LIVES[1])
    return _page(request, session, actor, bound, status=200 if made else 422, made=made)


@post("/tokens/{token_id:uuid}/revoke", permission=SIGNED_IN, name="users:revoke_token")
def revoke(request: Request[Any, Any, Any], session: Session, actor: Actor, token_id: UUID) -> Response[str]:
    tokens.revoke(session, actor, actor.user_id, token_id)
    return redirect(request, _PATH)


def _page(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    form: Bound[tokens.TokenInput],
    *,
    status: int = 200,
    made: str = "",
    message: str = "",
) -> Response[str]:
    return page(
        request,
        "users/tokens.html",
        status=status,
        active="me",
        tokens=[(token, tokens.has_ended(token)) for token in tokens.of_user(session, actor.user_id)],
        form=form,
        lives=[(days, _.ngettext("%(num)d day", "%(num)d days", days)) for days in tokens.LIVES],
        made=made,
        message=message,
        proved=not stepup.asks(request, session, actor).kind,
        shortest=min(tokens.LIVES),
    )


HANDLERS = [index, create, revoke]
