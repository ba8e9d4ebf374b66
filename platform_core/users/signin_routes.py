"""The pages of signing in: name and password, the key, a passkey by itself."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.signingin import SIGN_IN_RULES
from platform_core.kernel.declared import service_of
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import LANGUAGES, language, translator
from platform_core.users import authenticators, devices, keys, sessions, signin
from platform_core.users.routes import local_path, preference
from platform_core.web.endpoint import PUBLIC
from platform_core.web.forms import FormData
from platform_core.web.pages import page, redirect
from platform_core.web.requests import client_ip, platform_of
from platform_core.web.routing import get, post

_ = translator("users")


@get("/", permission=PUBLIC, name="users:login")
def login(request: Request[Any, Any, Any], session: Session) -> Response[str]:
    target = local_path(request.query_params.get("next", "/"))
    if platform_of(request).hooks.authenticate(session, request) is not None:
        return redirect(request, target)
    notice = _("Your password has been set. Sign in with it now.") if "chosen" in request.query_params else ""
    return _page(request, session, target, notice=notice)


@post("/", permission=PUBLIC, name="users:sign_in")
def sign_in(request: Request[Any, Any, Any], session: Session, form: FormData) -> Response[str]:
    attempt = _attempt(request, form)
    platform = platform_of(request)
    target = local_path(form.get("next", "/"))
    answer = signin.sign_in(session, platform.settings, attempt, platform.hooks.load_actor)
    if isinstance(answer, signin.HalfWay):
        return _key_page(request, session, answer, target)
    if isinstance(answer, signin.Refusal):
        return _page(request, session, target, answer, login=attempt.login[:60])
    return _welcome(request, session, answer, target)


@post("/key", permission=PUBLIC, name="users:sign_in_key")
def sign_in_key(request: Request[Any, Any, Any], session: Session, form: FormData) -> Response[str]:
    """The second step: an answer of the key, a code, or leaving it out where that is allowed."""
    platform = platform_of(request)
    attempt, pass_on = _attempt(request, form), form.get("pass_on")
    target = local_path(form.get("next", "/"))
    common = (session, platform.settings, attempt, pass_on)
    try:
        if form.get("skip"):
            answer = signin.without_key(*common, platform.hooks.load_actor)
        elif form.get("code").strip():
            answer = signin.with_code(*common, form.get("code"), platform.hooks.load_actor)
        else:
            answer = signin.with_key(*common, form.get("credential"), platform.hooks.load_actor)
        if isinstance(answer, signin.Refusal):
            user = signin.half_way(session, pass_on)
            demand = service_of(session, SIGN_IN_RULES).of(session, user.id)
            again = signin.HalfWay(pass_on, user, tuple(keys.of_user(session, user.id)), demand)
            return _key_page(request, session, again, target, answer)
    except NotFound as error:
        return _page(request, session, target, signin.Refusal(error.message))
    return _welcome(request, session, answer, target)


@post("/passkey", permission=PUBLIC, name="users:sign_in_passkey")
def sign_in_passkey(request: Request[Any, Any, Any], session: Session, form: FormData) -> Response[str]:
    platform = platform_of(request)
    target = local_path(form.get("next", "/"))
    answer = signin.with_passkey(
        session, platform.settings, _attempt(request, form), form.get("credential"), platform.hooks.load_actor
    )
    if isinstance(answer, signin.Refusal):
        return _page(request, session, target, answer)
    return _welcome(request, session, answer, target)


def _attempt(request: Request[Any, Any, Any], form: FormData) -> signin.Attempt:
    settings = platform_of(request).settings
    return signin.Attempt(
        login=form.get("login"),
        password=form.get("password"),
        ip=client_ip(request, settings.trusted_proxies),
        agent=request.headers.get("user-agent", ""),
        language=language(),
        device=request.cookies.get(devices.cookie_name(settings), ""),
    )


def _page(
    request: Request[Any, Any, Any],
    session: Session,
    target: str,
    refusal: signin.Refusal | None = None,
    *,
    login: str = "",
    notice: str = "",
) -> Response[str]:
    settings = platform_of(request).settings
    passkey = authenticators.request_options(session, settings, (), "alone", "") if settings.key_domain else ""
    status, headers = _refused(refusal)
    return page(
        request, "users/login.html", status=status, headers=headers, login=login, next=target, notice=notice,
        message=refusal.message if refusal else "", passkey=passkey, rp_id=settings.key_domain,
    )  # fmt: skip


def _key_page(
    request: Request[Any, Any, Any],
    session: Session,
    found: signin.HalfWay,
    target: str,
    refusal: signin.Refusal | None = None,
) -> Response[str]:
    settings = platform_of(request).settings
    usable = bool(found.held and settings.key_domain)
    asked = ("login", str(found.user.id))
    status, headers = _refused(refusal)
    return page(
        request, "users/login_key.html", status=status, headers=headers, next=target, pass_on=found.pass_on,
        message=refusal.message if refusal else "", held=found.held, rp_id=settings.key_domain,
        options=authenticators.request_options(session, settings, found.held, *asked) if usable else "",
        may_skip=found.demand.allows("none"), helpers=service_of(session, SIGN_IN_RULES).helpers(session),
    )  # fmt: skip


def _refused(refusal: signin.Refusal | None) -> tuple[int, dict[str, str]]:
    if refusal is None:
        return 200, {}
    return (429, {"retry-after": str(refusal.retry_after)}) if refusal.retry_after else (422, {})


def _welcome(
    request: Request[Any, Any, Any], session: Session, answer: signin.Entered | signin.Outdated, target: str
) -> Response[str]:
    if isinstance(answer, signin.Outdated):
        return redirect(request, f"/reset/{answer.code}?old=1")
    settings = platform_of(request).settings
    former = request.cookies.get(sessions.cookie_name(settings), "")
    identity = sessions.by_cookie(session, settings, former) if former else None
    if identity is not None:
        sessions.revoke(session, identity.session_id)
    if answer.must or answer.soon:
        target = f"{keys.PAGE}?next={quote(target)}"
    response = redirect(request, target)
    for cookie in answer.cookies:
        response.set_cookie(cookie)
    if answer.user.language in LANGUAGES:
        # For what is answered before anybody is recognised, such as an address that does not exist.
        response.set_cookie(preference(request, "language", answer.user.language))
    return response


LOGIN = [login, sign_in, sign_in_key, sign_in_passkey]
