"""One's own account: appearance, password, and where one is signed in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import Invalid, NotFound
from platform_core.kernel.i18n import LANGUAGES, translator
from platform_core.users import accounts, devices, keys, passwordpolicy, sessions, stepup
from platform_core.users.models import SignInSession
from platform_core.users.routes import SCHEMES, password_note, preference, repeated
from platform_core.web.endpoint import SIGNED_IN
from platform_core.web.forms import Bound, FormData
from platform_core.web.pages import page, redirect
from platform_core.web.requests import platform_of
from platform_core.web.routing import get, post
from platform_core.web.themes import house_of

_ = translator("users")
_PLACES = "/me#devices"


@get("/", permission=SIGNED_IN, name="users:me", opt={"personal": True})
def me(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    notices = {
        "saved": (_("Saved."), "jade"),
        "password": (
            _("Your new password holds. Every other place you were signed in at has been signed out."),
            "jade",
        ),
        "ended": (_("Signed out there."), "jade"),
        "wrong": (_("That was not your present password. Nothing was changed."), "red"),
        "wait": (_("Too many attempts. Please wait a few minutes, then try again."), "red"),
    }
    return _page(request, session, actor, Bound(), notice=notices.get(request.query_params.get("done", "")))


def _page(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    form: Bound[Any],
    *,
    status: int = 200,
    notice: tuple[str, str] | None = None,
) -> Response[str]:
    platform = platform_of(request)
    themes, house = platform.templates.themes, house_of(session)
    return page(
        request,
        "users/me.html",
        active="me",
        status=status,
        user=accounts.get_user(session, actor.user_id),
        places=sessions.own_sessions(session, platform.settings, actor.user_id),
        describe=devices.describe,
        idle_minutes=platform.settings.session_idle_minutes,
        most=platform.settings.session_most,
        key_count=len(keys.of_user(session, actor.user_id)),
        policy=passwordpolicy.read(session),
        themes=[(theme.name, theme.title) for theme in themes.offered(house)],
        house=themes.pick("", house),
        form=form,
        notice=notice,
    )


@post("/", permission=SIGNED_IN, name="users:save_me")
def save(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """Language, appearance and theme; everything else about an account is an administrator's to write."""
    user = accounts.get_user(session, actor.user_id)
    allowed = {
        "language": tuple(LANGUAGES),
        "scheme": SCHEMES,
        "theme": ("", *(theme.name for theme in platform_of(request).templates.themes.offered(house_of(session)))),
    }
    chosen = {name: form.get(name) for name, values in allowed.items() if name in form and form.get(name) in values}
    before = {name: getattr(user, name) for name in chosen}
    if chosen != before:
        for name, value in chosen.items():
            setattr(user, name, value)
        audit.record(session, actor, "users.appearance", accounts.ref(user), before=before, after=chosen)
    response = redirect(request, "/me?done=saved")
    if user.language in LANGUAGES:
        response.set_cookie(preference(request, "language", user.language))
    return response


@post("/password", permission=SIGNED_IN, name="users:change_password")
def change_password(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """Needs the present password; guesses at it are slowed down like sign-ins. All other sessions and tokens end."""
    platform = platform_of(request)
    user = accounts.get_user(session, actor.user_id)
    refused = stepup.check_password(session, actor, user, form.get("current"), "users.password")
    if refused:
        # A redirect, since a refused form is rolled back and the guess would not have been counted.
        return redirect(request, f"/me?done={refused}")
    try:
        accounts.set_password(session, user, repeated(form), actor=actor)
    except Invalid as error:
        return _page(request, session, actor, Bound().add(error), status=422)
    cookie = sessions.open_session(
        session, platform.settings, user, ip=actor.ip, agent=request.headers.get("user-agent", "")
    )
    response = redirect(request, "/me?done=password")
    response.set_cookie(cookie)
    return response


@post("/password/check", permission=SIGNED_IN, name="users:check_password", opt={"unkept": True})
def check_typed(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """What is wrong with a password that has just been typed; stores nothing."""
    return password_note(request, session, form, accounts.get_user(session, actor.user_id))


@post("/sessions/{session_id:uuid}/end", permission=SIGNED_IN, name="users:end_session")
def end_session(request: Request[Any, Any, Any], session: Session, actor: Actor, session_id: UUID) -> Response[str]:
    place = session.get(SignInSession, session_id)
    if place is None or place.user_id != actor.user_id:
        raise NotFound(_("You are not signed in there any more."))
    unproved = None if place.id == actor.session_id else stepup.first(request, session, actor, _PLACES)
    if unproved is not None:
        return unproved
    sessions.revoke(session, place.id)
    audit.record(session, actor, "users.end_session", after={"ip": place.ip, "agent": place.agent})
    return redirect(request, "/login" if place.id == actor.session_id else "/me?done=ended")


@post("/sessions/end-others", permission=SIGNED_IN, name="users:end_other_sessions")
def end_others(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    unproved = stepup.first(request, session, actor, _PLACES)
    if unproved is not None:
        return unproved
    count = 0
    for place in sessions.own_sessions(session, platform_of(request).settings, actor.user_id):
        if place.id != actor.session_id:
            sessions.revoke(session, place.id)
            count += 1
    audit.record(session, actor, "users.end_session", after={"count": count})
    return redirect(request, "/me?done=ended")


HANDLERS = [me, save, change_password, check_typed, end_session, end_others]
