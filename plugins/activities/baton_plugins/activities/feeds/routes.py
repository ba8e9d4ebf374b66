"""The feed itself, the page where one makes its address, and the file of a meeting."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from baton_plugins.activities.feeds import reading, services, writing
from baton_plugins.activities.feeds.writing import NAMES, Writer
from baton_plugins.activities.meetings import queries
from baton_plugins.activities.routes import VIEW

from platform_core.api import (
    Actor,
    Notice,
    Request,
    Response,
    Session,
    get,
    page,
    platform_of,
    post,
    read_setting,
    record,
    redirect,
    translator,
)

_ = translator("activities")
_TYPE = "text/calendar; charset=utf-8"
PAGE = "/calendar/feed"


@get("/feed/{token:str}", permission=VIEW, name="activities:feed", media_type="text/calendar")
def feed(request: Request[Any, Any, Any], session: Session, actor: Actor, token: str) -> Response[bytes]:
    """The plans and meetings of whoever the address was made for, as iCalendar; the token is its last part."""
    services.take(session, actor, token.removesuffix(services.ENDING))
    rows = reading.plans(session, actor)
    record(session, actor, "activities.feed", ids=writing.shown(rows))
    text = _writer(request, session).feed(actor.name, rows, reading.meetings(session, actor))
    return _file(text, "baton.ics")


@get("/meetings/{meeting_id:uuid}/invitation", permission=VIEW, name="activities:invitation")
def invitation(request: Request[Any, Any, Any], session: Session, meeting_id: UUID) -> Response[bytes]:
    found = queries.get(session, meeting_id)
    text = _writer(request, session).invitation(found, reading.room_of(session, found))
    return _file(text, writing.file_name(found))


@get("/feed", permission=VIEW, name="activities:my_feed", opt={"personal": True})
def mine(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    return _page(request, session, actor)


@post("/feed", permission=VIEW, name="activities:make_feed", opt={"unkept": True})
def make(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    """Answers with the address, which nobody can read again: so it is not kept with an idempotency key."""
    token = services.make(session, actor)
    session.flush()  # the page shows since when it is there
    base = platform_of(request).settings.base_url.rstrip("/")
    return _page(request, session, actor, f"{base}{services.PATH}{token}{services.ENDING}")


@post("/feed/end", permission=VIEW, name="activities:end_feed")
def end(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    services.end(session, actor)
    return redirect(request, PAGE, Notice(_("Nobody reads your calendar by that address any more.")))


def _page(request: Request[Any, Any, Any], session: Session, actor: Actor, made: str = "") -> Response[str]:
    return page(
        request, "activities/feed.html", active="calendar", made=made, feed=services.of(session, actor),
        names=read_setting(session, NAMES),
    )  # fmt: skip


def _writer(request: Request[Any, Any, Any], session: Session) -> Writer:
    return Writer(platform_of(request).settings.base_url, names=read_setting(session, NAMES))


def _file(text: bytes, name: str) -> Response[bytes]:
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(text, media_type=_TYPE, headers=headers)


PAGES = [invitation, mine, make, end]
API = [feed]
