"""A department's inbox: batons that wait to be taken over and, for heads, the legs being worked on."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.relay import audience_routes, board, board_routes
from platform_core.relay import inbox as waiting
from platform_core.relay.ledger import covers, may_take
from platform_core.web import cursors
from platform_core.web.pages import page
from platform_core.web.routing import get

_PAGE = 50


@get("/relay/inbox", permission="relay.view", name="relay:inbox")
def inbox(
    request: Request[Any, Any, Any], session: Session, actor: Actor, show: str = "offered", after: str = "",
    department: UUID | None = None,
) -> Response[str]:  # fmt: skip
    """`show=active` shows the legs being worked on, `after` continues a long list, `department` narrows it."""
    state = "active" if show == "active" else "offered"
    mark = cursors.decode(after, 2) if after else None
    lines = waiting.read(session, actor, state=state, after=(mark[0], mark[1]) if mark else None, limit=_PAGE + 1,
                         department_id=department)  # fmt: skip
    shown = lines[:_PAGE]
    audit.record(session, actor, "relay.inbox", ids=[line.customer_id for line in shown])
    url = f"/relay/inbox?show={state}" + (f"&department={department}" if department else "")
    more = cursors.encode([shown[-1].limit, shown[-1].leg.id]) if len(lines) > _PAGE else ""
    return page(
        request,
        "relay/inbox.html",
        partial="relay/_inbox.html",
        active="inbox",
        lines=shown,
        state=state,
        departments=waiting.heads_inbox(actor),
        more=f"{url}&after={more}" if more else "",
        numbers=_numbers(session, actor),
        department=department,
        takes={line.leg.id for line in shown if line.leg.state == "offered" and may_take(actor, line.leg)},
    )


@get("/relay/sent", permission="relay.view", name="relay:sent")
def sent(request: Request[Any, Any, Any], session: Session, actor: Actor, after: str = "") -> Response[str]:
    """What the actor has handed over, where it is now, and the package that went along."""
    mark = cursors.decode(after, 2) if after else None
    lines = waiting.handed_over(session, actor, after=(mark[0], mark[1]) if mark else None, limit=_PAGE + 1)
    shown = lines[:_PAGE]
    audit.record(session, actor, "relay.inbox", ids=[line.customer_id for line in shown])
    more = cursors.encode([shown[-1].leg.offered_at, shown[-1].leg.id]) if len(lines) > _PAGE else ""
    return page(
        request, "relay/sent.html", active="inbox", lines=shown, departments=waiting.heads_inbox(actor),
        more=f"/relay/sent?after={more}" if more else "",
    )  # fmt: skip


def _numbers(session: Session, actor: Actor) -> list[tuple[UUID, str, board.Counts]]:
    """What lies at each department that the actor heads or works in, those with the most that is late first."""
    known = board.departments_of(session, None)
    mine = [each for each in known if each[0] in actor.department_ids or covers(actor, "relay.reassign", each[0])]
    found = board.counts(session, actor, [key for key, _name in mine])
    lines = [(key, name, found[key]) for key, name in mine if found[key].total]
    return sorted(lines, key=lambda line: (-line[2].late, line[1]))


HANDLERS = [inbox, sent, *board_routes.HANDLERS, *audience_routes.HANDLERS]
