"""Signing out, choosing a password by link, appearance and language."""

from __future__ import annotations

import hmac
from typing import Any
from urllib.parse import urlsplit

from litestar import Request, Response
from litestar.datastructures import Cookie
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import Forbidden, Invalid
from platform_core.kernel.i18n import LANGUAGES, translator
from platform_core.users import accounts, devices, passwordpolicy, sessions
from platform_core.users.models import User
from platform_core.web.endpoint import PUBLIC, SIGNED_IN, csrf_token
from platform_core.web.forms import Bound, FormData
from platform_core.web.pages import page, redirect
from platform_core.web.requests import platform_of
from platform_core.web.routing import get, post

_ = translator("users")
SCHEMES = ("light", "dark", "auto")
_YEAR = 365 * 24 * 3600


def local_path(target: str) -> str:
    """`target` if it is a path on this site, else "/": a sign-in link must not lead elsewhere afterwards."""
    parts = urlsplit(target)
    plain = target.isprintable() and "\\" not in target and not parts.scheme and not parts.netloc
    return target if plain and target.startswith("/") and not target.startswith("//") else "/"


def preference(request: Request[Any, Any, Any], name: str, value: str) -> Cookie:
    """A choice that the browser keeps for pages that know nobody."""
    settings = platform_of(request).settings
    return Cookie(
        key=settings.cookie_name(name), value=value, path="/", max_age=_YEAR, samesite="lax", httponly=True,
        secure=settings.secure_cookies,
    )  # fmt: skip


@post("/", permission=SIGNED_IN, name="users:logout", opt={"looker": True})
def logout(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    if actor.session_id is not None:
        sessions.revoke(session, actor.session_id)
    audit.record(session, actor, "users.logout")
    response = redirect(request, "/login")
    response.set_cookie(sessions.ended_cookie(platform_of(request).settings))
    response.headers["clear-site-data"] = '"cache", "storage"'
    return response


@get("/{code:str}", permission=PUBLIC, name="users:reset")
def reset(request: Request[Any, Any, Any], session: Session, code: str) -> Response[str]:
    user = accounts.holder_of(session, code)
    return _choose_page(request, session, user, Bound())


@post("/{code:str}", permission=PUBLIC, name="users:choose")
def choose(request: Request[Any, Any, Any], session: Session, form: FormData, code: str) -> Response[str]:
    user = accounts.holder_of(session, code)
    try:
        accounts.choose_password(session, code, repeated(form))
    except Invalid as error:
        return _choose_page(request, session, user, Bound().add(error), status=422)
    response = welcomed(request, session, user)
    response.set_cookie(sessions.ended_cookie(platform_of(request).settings))
    return response


def welcomed(request: Request[Any, Any, Any], session: Session, user: User) -> Response[str]:
    """On to signing in; a fresh account knows from now on the browser in which its password was chosen."""
    settings, agent = platform_of(request).settings, request.headers.get("user-agent", "")
    response = redirect(request, "/login?chosen=1")
    device = devices.welcome(
        session, settings, user, request.cookies.get(devices.cookie_name(settings), ""), agent=agent
    )
    if device is not None:
        response.set_cookie(device)
    return response


@post("/{code:str}/check", permission=PUBLIC, name="users:check_chosen")
def check_chosen(request: Request[Any, Any, Any], session: Session, form: FormData, code: str) -> Response[str]:
    """What is wrong with a password that has just been typed; stores nothing."""
    return password_note(request, session, form, accounts.holder_of(session, code))


def password_note(request: Request[Any, Any, Any], session: Session, form: FormData, user: User) -> Response[str]:
    typed = form.get("password")
    problem = passwordpolicy.read(session).problem(typed, login=user.login, name=user.name) if typed else ""
    return page(request, "users/_password_note.html", typed=bool(typed), problem=problem)


def _choose_page(
    request: Request[Any, Any, Any], session: Session, user: User, form: Bound[Any], status: int = 200
) -> Response[str]:
    policy = passwordpolicy.read(session)
    notice = ""
    if "old" in request.query_params:
        notice = _.ngettext(
            "Passwords are changed here after %(num)d day. Choose a new one, then sign in with it.",
            "Passwords are changed here after %(num)d days. Choose a new one, then sign in with it.",
            policy.max_age_days,
        )
    return page(request, "users/choose.html", status=status, user=user, form=form, policy=policy, notice=notice)


def repeated(form: FormData) -> str:
    """A new password that was typed twice alike. Raises Invalid at `again`."""
    password = form.get("password")
    if password != form.get("again"):
        raise Invalid(_("Please check the marked fields."), fields={"again": _("The two do not agree.")})
    return password


@post("/preferences", permission=PUBLIC, name="users:preferences")
def preferences(request: Request[Any, Any, Any], session: Session, form: FormData) -> Response[str]:
    """Appearance and language: kept with the account, and in cookies for the pages before sign-in."""
    platform = platform_of(request)
    chosen = {}
    if form.get("scheme") in SCHEMES:
        chosen["scheme"] = form.get("scheme")
    if form.get("lang") in LANGUAGES:
        chosen["language"] = form.get("lang")
    actor = platform.hooks.authenticate(session, request)
    if actor is not None:
        sent = request.headers.get("x-csrf-token") or form.get("_csrf")
        if not hmac.compare_digest(sent.encode(), csrf_token(platform, actor).encode()):
            raise Forbidden(_("This page was too old. Reload it and try again; your text is kept."))
        user = accounts.get_user(session, actor.user_id)
        for name, value in chosen.items():
            setattr(user, name, value)
    response = redirect(request, local_path(form.get("next", "/")))
    for name, value in chosen.items():
        response.set_cookie(preference(request, name, value))
    return response


LOGOUT = [logout]
RESET = [reset, choose, check_chosen]
PREFERENCES = [preferences]
