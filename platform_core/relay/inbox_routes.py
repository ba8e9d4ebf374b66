"""A department's inbox: batons that wait to be taken over and, for heads, the legs being worked on."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.relay import audience_routes
from platform_core.relay import inbox as waiting
from platform_core.relay.ledger import may_take
from platform_core.web import cursors
from platform_core.web.pages import page
from platform_core.web.routing import get

_PAGE = 50


@get("/relay/inbox", permission="relay.view", name="relay:inbox")
def inbox(
    request: Request[Any, Any, Any], session: Session, actor: Actor, show: str = "offered", after: str = ""
) -> Response[str]:
    """`show=active` shows the legs being worked on, `after` continues a long list."""
    state = "active" if show == "active" else "offered"
    mark = cursors.decode(after, 2) if after else None
    lines = waiting.read(session, actor, state=state, after=(mark[0], mark[1]) if mark else None, limit=_PAGE + 1)
    shown = lines[:_PAGE]
    audit.record(session, actor, "relay.inbox", ids=[line.customer_id for line in shown])
    more = cursors.encode([shown[-1].limit, shown[-1].leg.id]) if len(lines) > _PAGE else ""
    return page(
        request,
        "relay/inbox.html",
        partial="relay/_inbox.html",
        active="inbox",
        lines=shown,
        state=state,
        departments=waiting.heads_inbox(actor),
        url=f"/relay/inbox?show={state}",
        more=f"/relay/inbox?show={state}&after={more}" if more else "",
        takes={line.leg.id for line in shown if line.leg.state == "offered" and may_take(actor, line.leg)},
    )


HANDLERS = [inbox, *audience_routes.HANDLERS]
