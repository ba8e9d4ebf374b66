"""Turning errors into answers: pages for people, RFC 9457 problem details for programs."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ASGIApp, Receive, Scope, Send

from platform_core.kernel.database import is_busy
from platform_core.kernel.errors import (
    BatonError,
    Frozen,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    Unfinished,
)
from platform_core.kernel.i18n import set_language, translator
from platform_core.web.describing import PROBLEM
from platform_core.web.endpoint import admit_unread, asked_language
from platform_core.web.pages import page
from platform_core.web.requests import platform_of
from platform_core.web.routing import in_thread

_ = translator("web")
_log = logging.getLogger(__name__)
_RETRY_AFTER = 5


def answer_known(request: Request[Any, Any, Any], error: BatonError) -> Response[Any]:
    if isinstance(error, Unauthenticated) and not is_api(request):
        return _to_login(request)
    if isinstance(error, Unfinished) and not is_api(request):
        return _elsewhere(request, error.url)
    _speak(request)
    if isinstance(error, Frozen) and not is_api(request):
        return _frozen(request, error)
    response = _respond(request, error.status, error.code, error.message, error.fields)
    if isinstance(error, TooManyRequests):
        response.headers["retry-after"] = str(error.retry_after)
    elif isinstance(error, Unavailable):
        response.headers["retry-after"] = str(_RETRY_AFTER)
    return response


def answer_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """Litestar's own refusals: no such path, wrong method, malformed body, body too large."""
    return _AfterAdmission(request, error)


class _AfterAdmission(Response[bytes]):
    """Litestar parses before the handler runs, so nobody has been recognised yet; and that takes a thread."""

    def __init__(self, request: Request[Any, Any, Any], error: HTTPException) -> None:
        super().__init__(b"")
        self._asked = request
        self._error = error

    def to_asgi_response(self, *arguments: Any, **options: Any) -> ASGIApp:  # type: ignore[override]
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            response = await in_thread(_after_admission, self._asked, self._error)
            await response.to_asgi_response(*arguments, **options)(scope, receive, send)

        return answer


def _after_admission(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    try:
        admit_unread(request)
    except BatonError as refusal:
        return answer_known(request, refusal)
    except Exception as failure:
        return answer_unknown(request, failure)
    return _answer_unread(request, error)


def _answer_unread(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    _speak(request)
    fields: dict[str, str] = {}
    if isinstance(error, ValidationException) and isinstance(error.extra, list):
        fields = {str(item.get("key", "")): str(item.get("message", "")) for item in error.extra}
    messages = {
        400: _("The request could not be understood."),
        404: _("This page does not exist, or not for you."),
        405: _("This address does not accept that kind of request."),
        413: _("This is too large to be uploaded here."),
    }
    status = error.status_code
    # A malformed field is the sender's mistake in content, as our own forms report it.
    status = 422 if fields else status
    return _respond(request, status, "http", messages.get(error.status_code, str(error.detail)), fields)


def answer_unknown(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    _speak(request)
    if is_busy(error):
        return _answer_busy(request, error)
    _log.error("unhandled error at %s", request.url.path, exc_info=error)
    _blame_owner(request, error)
    message = _("Something went wrong on our side. It has been written down; nothing was saved.")
    return _respond(request, 500, "internal", message, {})


def _blame_owner(request: Request[Any, Any, Any], error: Exception) -> None:
    """A page of a plugin that fails is put down to it; the log has said already where."""
    handler: Any = request.scope.get("route_handler")
    owner = handler.opt.get("plugin", "") if handler else ""
    manager = platform_of(request).manager
    if owner in manager.plugins and not manager.plugins[owner].builtin:
        manager.faults.note(owner, "page", handler.name or "", error)


def _answer_busy(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    _log.warning("the database was too busy for %s: %s", request.url.path, getattr(error, "orig", error))
    message = _("Too much is going on at once. Nothing was saved; please try again in a few seconds.")
    response = _respond(request, 503, "busy", message, {})
    response.headers["retry-after"] = str(_RETRY_AFTER)
    return response


def is_api(request: Request[Any, Any, Any]) -> bool:
    return request.url.path.startswith("/api/")


def _speak(request: Request[Any, Any, Any]) -> None:
    """The handler's thread has chosen a language for itself alone; this one has to choose again.

    It is that of whoever was recognised; of anybody else what their browser asks for.
    """
    set_language(request.scope.get("baton_language") or asked_language(request))  # type: ignore[arg-type]


def _to_login(request: Request[Any, Any, Any]) -> Response[Any]:
    target = f"/login?next={request.url.path}" if request.method == "GET" and request.url.path != "/" else "/login"
    if request.headers.get("hx-request") == "true":
        # Back to the page that asked: what was typed there waits in its tab (static_src/js/drafts.js).
        page = urlsplit(request.headers.get("hx-current-url", "")).path
        back = f"/login?next={quote(page)}" if page.startswith("/") and page != "/" else "/login"
        return Response("", status_code=401, media_type="text/html", headers={"hx-redirect": back})
    return Response("", status_code=303, media_type="text/html", headers={"location": target})


def _elsewhere(request: Request[Any, Any, Any], url: str) -> Response[Any]:
    if request.headers.get("hx-request") == "true":
        return Response("", status_code=403, media_type="text/html", headers={"hx-redirect": url})
    return Response("", status_code=303, media_type="text/html", headers={"location": url})


def _frozen(request: Request[Any, Any, Any], error: Frozen) -> Response[Any]:
    """A page that says why and whom to ask; a piece of a page sends the browser to it."""
    if request.headers.get("hx-request") == "true":
        return Response("", status_code=error.status, media_type="text/html", headers={"hx-redirect": "/"})
    return page(request, "frozen.html", status=error.status, detail=error.message)


def _respond(
    request: Request[Any, Any, Any], status: int, code: str, message: str, fields: dict[str, str]
) -> Response[Any]:
    if is_api(request):
        problem = {
            "type": f"urn:baton:problem:{code}",
            "title": message or code,
            "status": status,
            "errors": [{"field": name, "message": text} for name, text in fields.items()],
        }
        return Response(msgspec.json.encode(problem), status_code=status, media_type=PROBLEM)
    if request.headers.get("hx-request") == "true":
        return page(request, "_toast.html", status=status, message=message, tone="red")
    return page(request, "error.html", status=status, detail=message)
