"""Receiving the table. Reading a big one takes seconds, so it happens between two transactions, not inside one.

First it is made sure that the sender may import, then the file is stored and read, then the batch is saved.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from typing import Any, TypeVar

import litestar
from litestar import Request, Response
from litestar.exceptions import HTTPException
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers.importing import files, services
from platform_core.customers.importing.files import LIMITS, Received
from platform_core.kernel.errors import TooLarge
from platform_core.kernel.i18n import set_language
from platform_core.kernel.xlsxguard import MB
from platform_core.web.endpoint import Endpoint
from platform_core.web.forms import FormData
from platform_core.web.pages import page, redirect
from platform_core.web.requests import platform_of
from platform_core.web.routing import get

T = TypeVar("T")
PERMISSION = "customers.import"
_FORM_OVERHEAD = 64 * 1024
_MAX_BODY = LIMITS.bytes + _FORM_OVERHEAD
_MAX_DRAINED = 2 * 1024**3
_DRAIN_SECONDS = 180.0


@get("/customers/import", permission=PERMISSION, name="customers:import")
def show(request: Request[Any, Any, Any]) -> Response[str]:
    return _form(request)


def _form(request: Request[Any, Any, Any], error: str = "", status: int = 200) -> Response[str]:
    return page(
        request, "customers/importing/upload.html", active="customers", status=status, error=error, limits=LIMITS,
        megabytes=LIMITS.bytes // MB,
    )  # fmt: skip


def _admit() -> Response[str]:
    """Refuses after everything was checked, so that no idempotency key is used up."""
    return Response("", media_type="text/html", status_code=422)


def _begin(request: Request[Any, Any, Any], session: Session, actor: Actor, received: Received) -> Response[str]:
    if received.error is not None:
        status = 413 if received.error.code == "too_large" else 422
        return _form(request, files.explain(received.error), status)
    batch = services.begin(session, actor, received)
    return redirect(request, f"/customers/imports/{batch.id}")


_admitting = Endpoint(_admit, PERMISSION, frozenset())
_beginning = Endpoint(_begin, PERMISSION, frozenset({"request", "session", "actor"}))


class Limited:
    """The body of a request up to a limit; beyond it the body seems to end, and `exceeded` says so."""

    def __init__(self, request: Request[Any, Any, Any], limit: int) -> None:
        self._receive = request.receive
        self._left = limit
        announced = request.headers.get("content-length", "")
        self.exceeded = announced.isdigit() and int(announced) > limit

    async def receive(self) -> Any:
        event = await self._receive()
        if event["type"] == "http.request":
            self._left -= len(event["body"])
            if self._left < 0:
                self.exceeded = True
                return {"type": "http.request", "body": b"", "more_body": False}
        return event


@litestar.post(  # nosemgrep: route-past-the-decorators  it reads its body piece by piece, then does as they do
    "/customers/import",
    name="customers:import_upload",
    opt={"permission": PERMISSION, "endpoint": True},
    status_code=200,
    request_max_body_size=None,  # limited here, so that the answer is the form with a sentence and not a bare refusal
)
async def upload(request: Request[Any, Any, Any]) -> Response[Any]:
    """A file beyond the limit is refused by its announced length, or where the stream passes the limit."""
    database = platform_of(request).database
    body = Limited(request, _MAX_BODY)
    form = FormData()
    if not body.exceeded:
        try:
            form = FormData(list((await Request(request.scope, receive=body.receive).form()).multi_items()))
        except HTTPException:
            if not body.exceeded:
                raise
    if body.exceeded:
        answer = await _in_thread(lambda: _refuse(request))
        await _drain(request)
        return answer
    unkeyed = FormData([("_csrf", form.get("_csrf"))])
    await _in_thread(lambda: _admitting.serve(request, unkeyed, {}))
    received = await _in_thread(lambda: files.receive(database, form.file("file")))
    saved = False
    try:
        response = await _in_thread(lambda: _beginning.serve(request, form, {"received": received}))
        saved = (response.status_code or 200) < 400 and "idempotent-replay" not in response.headers
        return response
    finally:
        if not saved:
            files.discard(database, received)


def _refuse(request: Request[Any, Any, Any]) -> Response[Any]:
    """The form again. Its token lies in the body that nobody has read, so nothing but this page may come of it."""
    platform = platform_of(request)
    with platform.database.open_session() as session, session.begin():
        actor = platform.hooks.authenticate(session, request)
        if actor is None or not actor.can(PERMISSION):
            raise TooLarge(files.explain(files.too_large()))
        set_language(actor.language)
        session.info["actor"] = actor
        request.scope["baton_session"] = session  # type: ignore[typeddict-unknown-key]
        request.scope["baton_actor"] = actor  # type: ignore[typeddict-unknown-key]
        return _form(request, files.explain(files.too_large()), status=413)


async def _drain(request: Request[Any, Any, Any]) -> None:
    """Read on and forget: a browser that is still sending takes no answer and shows a broken connection instead."""
    drained = 0
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            while drained < _MAX_DRAINED:
                event = await request.receive()
                if event["type"] != "http.request" or not event["more_body"]:
                    return
                drained += len(event["body"])
    except TimeoutError:
        return


async def _in_thread(call: Callable[[], T]) -> T:
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(None, context.run, call)


HANDLERS = [show, upload]
