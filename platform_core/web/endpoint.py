"""One request, from cookie to commit: who is it, may they, run the handler in a transaction, answer."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import (
    BatonError,
    Conflict,
    Forbidden,
    Invalid,
    Misdirected,
    NotFound,
    Unauthenticated,
    Unavailable,
)
from platform_core.kernel.i18n import LANGUAGES, set_language, translator
from platform_core.kernel.models import IdempotencyKey
from platform_core.kernel.scope import ScopedSession
from platform_core.kernel.unitofwork import on_commit, refuse
from platform_core.plugins.hooks import PoisonedTransactionError, mute
from platform_core.web import answers, badges, whom
from platform_core.web.forms import FormData
from platform_core.web.requests import Platform, platform_of

_ = translator("web")
_log = logging.getLogger(__name__)
PUBLIC = "public"
SIGNED_IN = "signed-in"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_MAX_REPLAY = 512 * 1024


async def owner_is_on(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A Litestar guard, so that it comes before parameters are parsed: what is switched off answers 404 to anything."""
    owner = handler.opt.get("plugin")
    if owner and owner not in connection.app.state.platform.manager.enabled:
        raise NotFound(_("This page does not exist."))


async def host_is_ours(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A guard: a house with HTTPS answers under its own name only, whatever other names lead here.

    Load balancers ask for the health under any name.
    """
    settings = connection.app.state.platform.settings
    host = connection.headers.get("host", "").lower()
    if settings.secure_cookies and host not in settings.hosts and handler.name != "web:health":
        raise Misdirected(_("Baton does not answer under this name. Open it at the address that you were given."))


class Endpoint:
    """A handler function together with what it needs."""

    def __init__(self, function: Callable[..., Any], permission: str, wanted: frozenset[str]) -> None:
        self._function = function
        self._permission = permission
        self._wanted = wanted

    def serve(self, request: Request[Any, Any, Any], form: FormData, parameters: dict[str, Any]) -> Response[Any]:
        platform = platform_of(request)
        speak(request, asked_language(request))
        muted: frozenset[str] = frozenset()
        while True:
            try:
                with mute(muted):
                    return self._transact(platform, request, form, parameters)
            except PoisonedTransactionError as error:
                if error.owner in muted:
                    raise
                muted |= {error.owner}

    def _transact(
        self, platform: Platform, request: Request[Any, Any, Any], form: FormData, parameters: dict[str, Any]
    ) -> Response[Any]:
        actor: Actor | None = None
        try:
            with platform.database.open_session() as session, session.begin():
                actor = self._admit(platform, session, request, form)
                if actor is not None:
                    session.info["actor"] = actor
                request.scope["baton_session"] = session  # type: ignore[typeddict-unknown-key]
                request.scope["baton_actor"] = actor  # type: ignore[typeddict-unknown-key]
                response = self._answer_once(session, actor, request, form, parameters)
                if request.method not in _SAFE:
                    on_commit(session, badges.forget)
                if (response.status_code or 200) >= 400:
                    refuse(session)  # a refused form leaves nothing behind, and its key may be used again
                elif "baton_cookie" in request.scope:
                    response.set_cookie(request.scope["baton_cookie"])  # type: ignore[typeddict-item]
                return response
        except BatonError as error:
            # Only now: on SQLite the refused transaction held the one write lock.
            refused = error.actor if isinstance(error, Unpermitted) else actor
            if refused is not None and isinstance(error, Forbidden | NotFound | Unpermitted):
                platform.on_denied(refused, request, error)
            whom.complete(platform, refused, error)
            raise
        except StaleDataError as error:
            raise Conflict(_("Somebody else has changed this in the meantime. Reload and try again.")) from error
        except OverflowError as error:
            # 9999-12-31 has no next day, 0001-01-01 begins in no year, and SQLite's numbers have 64 bits.
            _log.warning("%s %s is out of range", request.method, request.route_handler.name, exc_info=error)
            raise Invalid(_("A date or a number is out of range.")) from error

    def _admit(
        self, platform: Platform, session: ScopedSession, request: Request[Any, Any, Any], form: FormData
    ) -> Actor | None:
        if self._permission == PUBLIC:
            _check_origin(request)
            return None
        actor = _authorise(platform, session, request, self._permission)
        if request.method not in _SAFE and actor.via == "page":
            _check_origin(request)
            sent = request.headers.get("x-csrf-token") or form.get("_csrf")
            if not hmac.compare_digest(sent.encode(), csrf_token(platform, actor).encode()):
                raise Unpermitted(_("This page was too old. Reload it and try again; your text is kept."), actor)
        return actor if actor.seen_by is None else _looking(request, actor)

    def _answer_once(
        self,
        session: ScopedSession,
        actor: Actor | None,
        request: Request[Any, Any, Any],
        form: FormData,
        parameters: dict[str, Any],
    ) -> Response[Any]:
        key = _idempotency_key(request, form) if actor is not None else ""
        if not key or actor is None:
            return self._call(session, actor, request, form, parameters)
        fingerprint = _fingerprint(request, form)
        row = session.get(IdempotencyKey, (actor.user_id, key))
        if row is None:
            row = IdempotencyKey(user_id=actor.user_id, key=key, fingerprint=fingerprint)
            try:
                with session.begin_nested():
                    session.add(row)
            except IntegrityError:
                row = session.get(IdempotencyKey, (actor.user_id, key))
                if row is None:
                    raise
                return _replay(row, fingerprint)
            response = self._call(session, actor, request, form, parameters)
            _remember(row, response)
            return response
        return _replay(row, fingerprint)

    def _call(
        self,
        session: ScopedSession,
        actor: Actor | None,
        request: Request[Any, Any, Any],
        form: FormData,
        parameters: dict[str, Any],
    ) -> Response[Any]:
        injected = {"request": request, "session": session, "actor": actor, "form": form}
        arguments = {name: value for name, value in injected.items() if name in self._wanted}
        result = self._function(**arguments, **parameters)
        if isinstance(result, Response):
            return result
        status = request.route_handler.status_code
        return Response(msgspec.json.encode(result), media_type="application/json", status_code=status)


def admit_unread(request: Request[Any, Any, Any]) -> None:
    """Admission for a request that could not be read: what was wrong with it is told only to those who may send it.

    Raises as the handler's own admission does. It says who asked in the request's scope.
    """
    handler: Any = request.scope.get("route_handler")  # none where there is no such address
    permission = handler.opt.get("permission", PUBLIC) if handler else PUBLIC
    if permission == PUBLIC or "baton_actor" in request.scope:
        return
    platform = platform_of(request)
    speak(request, asked_language(request))
    try:
        with platform.database.open_session() as session, session.begin():
            actor = _authorise(platform, session, request, permission)
    except Unpermitted as error:
        if error.actor is not None:
            platform.on_denied(error.actor, request, error)
        raise
    request.scope["baton_actor"] = actor  # type: ignore[typeddict-unknown-key]


def _authorise(platform: Platform, session: ScopedSession, request: Request[Any, Any, Any], permission: str) -> Actor:
    actor = platform.hooks.authenticate(session, request)
    if actor is None:
        if _shows_a_token(request) and platform.hooks.left_out(session, ["baton_authenticate"]):
            # 401 would tell a device that it is known no more, and an exchange not to try again.
            raise Unavailable(_("Too much is going on at once. Nothing was saved; please try again in a few seconds."))
        raise Unauthenticated(_("Please sign in."))
    speak(request, actor.language)
    if actor.seen_by is not None:
        request.scope["baton_actor"] = actor  # type: ignore[typeddict-unknown-key]  # refusals show the way back too
    if permission != SIGNED_IN and not actor.may_enter(permission):
        raise Unpermitted(whom.lacking(session, permission), actor)
    # The right of another module alone opens nothing of a plugin.
    entry = request.route_handler.opt.get("entry", ())
    if permission not in {SIGNED_IN, *entry} and entry and not any(actor.may_enter(right) for right in entry):
        raise Unpermitted(whom.lacking(session, entry[0]), actor)
    return actor


def _shows_a_token(request: Request[Any, Any, Any]) -> bool:
    """A program, which has no page to sign in at."""
    return request.url.path.startswith("/api/") or "authorization" in request.headers


def _looking(request: Request[Any, Any, Any], actor: Actor) -> Actor:
    """Whoever looks as somebody else reads, but not what is that person's alone; `looker` routes are their own acts."""
    opt = request.route_handler.opt
    if opt.get("looker"):
        return actor.real
    if request.method not in _SAFE:
        told = _("You only look at Baton as %(name)s sees it. Go back to yourself to change anything.", name=actor.name)
        raise Unpermitted(told, actor)
    if opt.get("personal"):
        raise Unpermitted(_("This page is for %(name)s alone, whoever looks.", name=actor.name), actor)
    return actor


class Unpermitted(BatonError):
    """Refused before the handler ran: no permission, no token, or from another site."""

    status = 403
    code = "forbidden"

    def __init__(self, message: str, actor: Actor | None = None) -> None:
        super().__init__(message)
        self.actor = actor


def csrf_token(platform: Platform, actor: Actor) -> str:
    """Bound to the sign-in session, so that it ends with it, and to as whom its holder looks at Baton."""
    seen = f" as {actor.user_id}" if actor.seen_by is not None else ""
    return platform.vault.sign("csrf", f"{actor.session_id}{seen}")


def _check_origin(request: Request[Any, Any, Any]) -> None:
    if request.method in _SAFE:
        return
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        raise Unpermitted(_("This form was sent from another site."))
    origin = request.headers.get("origin")
    if origin and origin != "null" and origin.split("://", 1)[-1] != request.headers.get("host", ""):
        raise Unpermitted(_("This form was sent from another site."))


def speak(request: Request[Any, Any, Any], code: str) -> None:
    """Answer in this language, also with an error: that is rendered outside this thread and its context."""
    set_language(code)
    request.scope["baton_language"] = code  # type: ignore[typeddict-unknown-key]


def asked_language(request: Request[Any, Any, Any]) -> str:
    """Of somebody unknown: what they chose on the sign-in page, else what their browser asks for, else the house's."""
    settings = platform_of(request).settings
    chosen = request.cookies.get(settings.cookie_name("language"), "")
    if chosen in LANGUAGES:
        return chosen
    for part in request.headers.get("accept-language", "").split(","):
        code = part.partition(";")[0].strip().lower().partition("-")[0]
        if code in LANGUAGES:
            return code
    return settings.language


def _idempotency_key(request: Request[Any, Any, Any], form: FormData) -> str:
    # `unkept` routes answer with clear phone numbers, or only ask: their answers are not to be stored.
    if request.method != "POST" or request.route_handler.opt.get("unkept"):
        return ""
    key = request.headers.get("idempotency-key") or form.get("_key")
    if len(key) > 200:
        raise Invalid(_("The idempotency key is longer than 200 characters."))
    return key


def _fingerprint(request: Request[Any, Any, Any], form: FormData) -> bytes:
    body: bytes = request.scope.get("baton_body", b"")  # type: ignore[assignment]
    text = repr(sorted(item for item in form.as_dict().items() if item[0] not in {"_csrf", "_key"}))
    return hashlib.sha256(f"{request.method} {request.url.path} {text}".encode() + body).digest()


def _remember(row: IdempotencyKey, response: Response[Any]) -> None:
    content = response.content if isinstance(response.content, bytes) else str(response.content or "").encode()
    if len(content) <= _MAX_REPLAY:
        row.body = content
    row.status = response.status_code or 200
    row.media_type = str(response.media_type or "text/html")
    row.location = str(response.headers.get("location", ""))


def _replay(row: IdempotencyKey, fingerprint: bytes) -> Response[Any]:
    if not hmac.compare_digest(row.fingerprint, fingerprint):
        raise Invalid(_("This idempotency key was used for a different request."))
    if row.status == answers.ERASED:
        raise NotFound(_("The answer to this request is gone: it spoke of somebody who has been erased."))
    headers = {"idempotent-replay": "true"}
    if row.location:
        headers["location"] = row.location
    return Response(row.body, status_code=row.status, media_type=row.media_type, headers=headers)
