"""The notifications page and the bell."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.users import notifications
from platform_core.web import cursors
from platform_core.web.pages import fragment, page, redirect
from platform_core.web.requests import wants_fragment
from platform_core.web.routing import SIGNED_IN, get, post


@get("/notifications", permission=SIGNED_IN, name="users:notifications", opt={"personal": True})
def index(request: Request[Any, Any, Any], session: Session, actor: Actor, before: str = "") -> Response[str]:
    return _index(request, session, actor, before)


def _index(request: Request[Any, Any, Any], session: Session, actor: Actor, before: str = "") -> Response[str]:
    mark = cursors.decode(before, 2) if before else None
    lines = notifications.page_of(session, actor, (mark[0], mark[1]) if mark else None)
    shown = lines[: notifications.PAGE_SIZE]
    more = cursors.encode([shown[-1].at, shown[-1].id]) if len(lines) > len(shown) else ""
    return page(
        request,
        "users/notifications.html",
        partial="users/_notifications.html",
        active="notifications",
        lines=shown,
        older=f"/notifications?before={more}" if more else "",
    )


@get("/notifications/bell", permission=SIGNED_IN, name="users:bell")
def bell(request: Request[Any, Any, Any]) -> Response[str]:
    return fragment(request, "users/_bell.html")


@post("/notifications/read", permission=SIGNED_IN, name="users:notifications_read_all")
def read_all(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    notifications.mark_all_read(session, actor)
    return _index(request, session, actor) if wants_fragment(request) else redirect(request, "/notifications")


@post("/notifications/{notification_id:uuid}/read", permission=SIGNED_IN, name="users:notification_read")
def read(request: Request[Any, Any, Any], session: Session, actor: Actor, notification_id: UUID) -> Response[str]:
    """Mark one as read and go on to what it is about."""
    row = notifications.mark_read(session, actor, notification_id)
    return redirect(request, row.url or "/notifications")


HANDLERS = [index, bell, read_all, read]
