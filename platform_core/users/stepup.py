"""Asking once more who is there, before an act that must not be done at a desk somebody has just left.

Accounts with a key prove it with the key, all others with their password. A page with one form puts the question into
it (`asks`, users/_stepup.html, `check`); one with several sends people to the question first (`first`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.kernel.clock import now
from platform_core.kernel.errors import Forbidden
from platform_core.kernel.i18n import translator
from platform_core.users import accounts, authenticators, keys, passwords, sessions, throttle
from platform_core.users.authenticators import RefusedKeyError
from platform_core.users.models import ApiToken, SignInSession, User
from platform_core.web.forms import FormData
from platform_core.web.pages import redirect
from platform_core.web.requests import platform_of

_ = translator("users")
RECENT = timedelta(minutes=5)
MESSAGES = {
    "wrong": _.lazy("That was not your password. Nothing was changed."),
    "wait": _.lazy("Too many attempts. Please wait a few minutes, then try again."),
    "key": _.lazy("Your key has not answered. Nothing was changed; try again."),
}
"""What `check` refuses with, in words."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form has to ask for: `kind` is password, key, or "" for nothing. Drawn by users/_stepup.html."""

    kind: str = ""
    options: str = ""
    domain: str = ""
    error: str = ""


def asks(
    request: Request[Any, Any, Any], session: Session, actor: Actor, *, always: bool = False, refused: str = ""
) -> Asked:
    """`always`: also of somebody who has proved to be there less than RECENT ago. `refused`: what `check` returned."""
    kind = _kind(request, session, actor, always=always)
    error = str(MESSAGES[refused]) if refused else ""
    if kind != "key":
        return Asked(kind, error=error)
    held = keys.of_user(session, actor.user_id)
    settings = platform_of(request).settings
    options = authenticators.request_options(session, settings, held, "stepup", keys.subject_of(actor))
    return Asked(kind, options, settings.key_domain, error)


def first(request: Request[Any, Any, Any], session: Session, actor: Actor, following: str) -> Response[str] | None:
    """Where to send somebody who has to prove to be there first, and from there on to `following`; None: go on."""
    _only_people(actor)
    if not _kind(request, session, actor, always=False):
        return None
    return redirect(request, f"{keys.PAGE}/confirm?next={quote(following)}")


def check(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    form: FormData,
    action: str,
    *,
    always: bool = False,
) -> str:
    """Returns "wait", "wrong" or "key", and nothing when the form of `asks` proves that the actor is there.

    The transaction must be kept whatever comes back, so that guesses count: answer with a redirect or a page, not with
    a refusal. Raises Forbidden for programs with a token.
    """
    _only_people(actor)
    kind = _kind(request, session, actor, always=always)
    user = accounts.get_user(session, actor.user_id)
    refused = ""
    if kind == "password":
        refused = check_password(session, actor, user, form.get("password"), action)
    elif kind == "key":
        refused = _check_key(request, session, actor, form.get("credential"), action)
    place = session.get(SignInSession, actor.session_id)
    if kind and not refused and place is not None:
        place.verified_at, place.verified_by = now(), kind
        # The endpoint sets it when the transaction is kept.
        request.scope["baton_cookie"] = sessions.renew(platform_of(request).settings, place)  # type: ignore[typeddict-unknown-key]
    return refused


def over_api(request: Request[Any, Any, Any], session: Session, actor: Actor) -> None:
    """Let an act of the JSON API pass that asks on its page who is there.

    A program has nobody at its desk, so its token must have been made for such acts, which asked who was there. A page
    of one's own that calls the API has to be proved like any other. Raises Forbidden.
    """
    if actor.via == "page":
        if _kind(request, session, actor, always=False):
            raise Forbidden(_("First confirm that it is you, at %(address)s.", address=f"{keys.PAGE}/confirm"))
        return
    token = session.get(ApiToken, actor.session_id)
    if token is None or not token.changes_rights:
        raise Forbidden(
            _("This token does not change rights. Its user makes one that does under My account, API tokens.")
        )


def _only_people(actor: Actor) -> None:
    if actor.via != "page":
        raise Forbidden(_("Only somebody at a browser can do this: it asks who is there."))


def _kind(request: Request[Any, Any, Any], session: Session, actor: Actor, *, always: bool) -> str:
    usable = bool(platform_of(request).settings.key_domain)
    wanted = "key" if usable and keys.of_user(session, actor.user_id) else "password"
    place = session.get(SignInSession, actor.session_id)
    if always or place is None or place.verified_at is None or place.verified_at < now() - RECENT:
        return wanted
    return "" if place.verified_by in {"key", wanted} else wanted


def _check_key(request: Request[Any, Any, Any], session: Session, actor: Actor, answer: str, action: str) -> str:
    settings = platform_of(request).settings
    try:
        keys.prove(session, settings, actor.user_id, answer, ("stepup", keys.subject_of(actor)))
    except RefusedKeyError as error:
        ref = accounts.ref(accounts.get_user(session, actor.user_id))
        audit.record(session, actor, action, ref, result="failed", reason=f"key: {error}"[:500])
        return "key"
    return ""


def check_password(session: Session, actor: Actor, user: User, password: str, action: str) -> str:
    """Returns "wait" or "wrong", and nothing when it is the present password of the actor's account `user`.

    Guesses are slowed down like sign-ins. The transaction must be kept whatever comes back, so that they count: answer
    with a redirect or a page, not with a refusal.
    """
    taken = throttle.Keys.of(f"change {user.login}", actor.ip)
    if throttle.take(session, taken):
        return "wait"
    if not passwords.verify(user.password_hash, password):
        audit.record(session, actor, action, accounts.ref(user), result="failed", reason="wrong password")
        return "wrong"
    throttle.forgive(session, taken)
    return ""
