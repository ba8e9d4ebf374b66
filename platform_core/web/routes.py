"""Health and live signals."""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any

import litestar
from litestar import Request, Response
from litestar.params import FromPath
from litestar.response import ServerSentEvent, ServerSentEventMessage

from platform_core import __version__
from platform_core.contracts.identity import Actor
from platform_core.plugins import faults
from platform_core.web import offline
from platform_core.web.endpoint import PUBLIC, SIGNED_IN
from platform_core.web.live import PING
from platform_core.web.requests import Platform, platform_of
from platform_core.web.routing import get
from platform_core.web.statics import PACKED, static

_LONGEST_ID = 18


@get("/healthz", permission=PUBLIC, name="web:health")
def health(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """`ok` when the database answers and every plugin and theme is sound; else `degraded`, with the reasons.

    Faults of running plugins count for ten minutes. The answer is always 200: a broken plugin is no reason to take a
    process out of service.
    """
    platform = platform_of(request)
    states = {name: plugin.state for name, plugin in platform.manager.plugins.items() if not plugin.builtin}
    platform.database.ping()
    reasons = health_reasons(platform)
    return {"status": "degraded" if reasons else "ok", "version": __version__, "plugins": states, "reasons": reasons}


def health_reasons(platform: Platform) -> dict[str, str]:
    """Plugin or theme -> the worst that is wrong: its state, its own word, faults of the last minutes anywhere."""
    manager = platform.manager
    with platform.database.system_session("how are the plugins?", write=False) as session:
        reasons = faults.fresh(session)
    reasons |= {owner: str(fault) for owner, fault in manager.faults.fresh().items()}
    reasons |= platform.hooks.health()
    for name, plugin in manager.plugins.items():
        if plugin.state in {"incompatible", "broken", "unmigrated"}:
            reasons[name] = f"{plugin.reason} ({plugin.place})" if plugin.place else plugin.reason
    for item in platform.templates.themes.problems():
        reasons[item.fault_owner] = f"{item.problem} ({item.place})"
    return reasons


@litestar.get(
    "/static/themes/{file:str}", name="web:theme", opt={"permission": PUBLIC, "endpoint": True}, sync_to_thread=False
)
def theme(request: Request[Any, Any, Any], file: FromPath[str]) -> Response[str]:
    """A theme's style sheet. Browsers keep it only as the version they asked for: another process may have another."""
    found = platform_of(request).templates.themes.found.get(file.removesuffix(".css"))
    if found is None or found.problem or not file.endswith(".css"):
        return Response("", status_code=404, media_type="text/css")
    kept = "public, max-age=31536000, immutable" if request.query_params.get("v") == found.digest else "no-store"
    return Response(found.css, media_type="text/css", headers={"cache-control": kept})


@litestar.get("/live", name="web:live", opt={"permission": SIGNED_IN, "endpoint": True, PACKED: True})
async def live(request: Request[Any, Any, Any]) -> Response[Any]:
    """The event stream of one browser. Ends when the session does.

    Not compressed: a compressor for each stream would be a quarter of a megabyte of memory for nothing.
    """
    platform = platform_of(request)
    actor = await _in_thread(_authenticate, platform, request)
    if actor is None:
        return Response("", status_code=401, media_type="text/plain")
    if actor.seen_by is not None:
        return Response("", status_code=204, media_type="text/plain")  # a person's signals are for them alone

    async def signals() -> Any:
        yield ServerSentEventMessage(comment="hello")
        async for signal in platform.hub.stream(actor.user_id, actor.session_id, _heard(request)):
            # With the ping: two thousand of these checks at once would hold back what all are to hear.
            if signal["event"] == PING and await _in_thread(_authenticate, platform, request) is None:
                return
            yield ServerSentEventMessage(**signal)

    return ServerSentEvent(signals())


def _heard(request: Request[Any, Any, Any]) -> int:
    """Id of the last signal that the browser heard: it says so itself when it connects again, else our script does."""
    for told in (request.headers.get("last-event-id", ""), request.query_params.get("since", "")):
        if told.isdecimal() and len(told) < _LONGEST_ID:
            return int(told)
    return 0


def _authenticate(platform: Platform, request: Request[Any, Any, Any]) -> Actor | None:
    with platform.database.system_session("live signals: who is it?", write=False) as session:
        return platform.hooks.authenticate(session, request)


async def _in_thread(call: Any, *arguments: Any) -> Any:
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(None, context.run, call, *arguments)


HANDLERS = [health, live, theme, static, *offline.HANDLERS]
