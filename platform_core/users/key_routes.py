"""One's own keys: adding, naming and removing them, recovery codes, and proving to be there before any of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.contracts.signingin import SIGN_IN_RULES
from platform_core.kernel.declared import service_of
from platform_core.kernel.errors import BatonError, Conflict, Invalid
from platform_core.kernel.i18n import translator
from platform_core.users import accounts, authenticators, keys, makes, stepup
from platform_core.users.models import SignInSession
from platform_core.users.routes import local_path
from platform_core.users.stepup import Asked
from platform_core.web.endpoint import SIGNED_IN
from platform_core.web.forms import FormData
from platform_core.web.pages import page, redirect
from platform_core.web.requests import platform_of
from platform_core.web.routing import get, post

_ = translator("users")
_NOTICES = {
    "added": _.lazy("The key is added. Make recovery codes too, for the day it is not at hand."),
    "removed": _.lazy("The key is removed. Where it was signed in has been signed out."),
    "renamed": _.lazy("Saved."),
}


@get("/keys", permission=SIGNED_IN, name="users:keys", opt={"personal": True})
def index(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    return _page(request, session, actor)


@get("/keys/confirm", permission=SIGNED_IN, name="users:confirm_page", opt={"personal": True})
def confirm_page(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    following = local_path(request.query_params.get("next", keys.PAGE))
    asked = stepup.asks(request, session, actor)
    return _confirm_page(request, asked, following) if asked.kind else redirect(request, following)


@post("/keys/confirm", permission=SIGNED_IN, name="users:confirm")
def confirm(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """Prove to be there, for five minutes. A wrong answer is answered with 200 and kept, so that guesses count."""
    following = local_path(form.get("next", keys.PAGE))
    refused = stepup.check(request, session, actor, form, "users.confirm")
    if not refused:
        return redirect(request, following)
    return _confirm_page(request, stepup.asks(request, session, actor, refused=refused), following)


def _confirm_page(request: Request[Any, Any, Any], asked: Asked, following: str) -> Response[str]:
    return page(request, "users/confirm.html", active="me", asked=asked, next=following)


@post("/keys", permission=SIGNED_IN, name="users:add_key", opt={"unkept": True})
def add(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    unproved = stepup.first(request, session, actor, keys.PAGE)
    if unproved:
        return unproved
    settings = platform_of(request).settings
    try:
        keys.register(session, settings, actor, form.get("name"), form.get("credential"))
    except (Invalid, Conflict) as error:
        return _page(request, session, actor, error=error)
    return redirect(request, local_path(form.get("next")) if form.get("next") else f"{keys.PAGE}?done=added")


@post("/keys/{key_id:uuid}", permission=SIGNED_IN, name="users:rename_key")
def rename(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, key_id: UUID
) -> Response[str]:
    keys.rename(session, actor, key_id, form.get("name"))
    return redirect(request, f"{keys.PAGE}?done=renamed")


@post("/keys/{key_id:uuid}/remove", permission=SIGNED_IN, name="users:remove_key")
def remove(request: Request[Any, Any, Any], session: Session, actor: Actor, key_id: UUID) -> Response[str]:
    unproved = stepup.first(request, session, actor, keys.PAGE)
    if unproved:
        return unproved
    keys.remove(session, actor, key_id)
    return redirect(request, f"{keys.PAGE}?done=removed")


@post("/keys/codes", permission=SIGNED_IN, name="users:recovery_codes", opt={"unkept": True})
def make_codes(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    """Answers with the codes, which nobody can read again; the page prints."""
    unproved = stepup.first(request, session, actor, keys.PAGE)
    if unproved:
        return unproved
    codes = keys.new_codes(session, actor)
    user = accounts.get_user(session, actor.user_id)
    return page(request, "users/recovery_codes.html", active="me", codes=codes, user=user)


def _page(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    *,
    error: BatonError | None = None,
) -> Response[str]:
    settings = platform_of(request).settings
    user = accounts.get_user(session, actor.user_id)
    held = keys.of_user(session, user.id)
    place = session.get(SignInSession, actor.session_id)
    proved = not stepup.asks(request, session, actor).kind
    named = bool(proved and makes.read(session).aaguids)
    options = {
        kind: authenticators.creation_options(
            session, settings, user, held, keys.subject_of(actor), kind=kind, attested=named
        )
        for kind in ("key", "passkey")
        if proved and settings.key_domain
    }
    following = request.query_params.get("next", "")
    following = local_path(following) if following else ""
    return page(
        request, "users/keys.html", active="me", status=error.status if error else 200, held=held, proved=proved,
        options=options, rp_id=settings.key_domain, address=settings.key_origins[-1],
        codes=keys.codes_left(session, user.id),
        error=error.message if error else "", must=bool(place and place.must), strength=keys.strength(held),
        demand=service_of(session, SIGN_IN_RULES).of(session, user.id),
        used_here=place.credential_id if place else None, next=following,
        notice=_NOTICES.get(request.query_params.get("done", ""), ""),
    )  # fmt: skip


HANDLERS = [index, confirm_page, confirm, add, make_codes, rename, remove]
