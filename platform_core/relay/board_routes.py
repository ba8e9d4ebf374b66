"""The relay board as a page, and the dialog behind “move to …” that dragging a card opens too."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.customers import opening
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.relay import board, ledger, queries, route_services
from platform_core.relay.board import BoardColumn
from platform_core.web import cursors
from platform_core.web.pages import fragment, page
from platform_core.web.requests import wants_fragment
from platform_core.web.routing import get

_ = translator("relay")
URL = "/relay/board"


@get(URL, permission="relay.view", name="relay:board")
def show(request: Request[Any, Any, Any], session: Session, actor: Actor, route: UUID | None = None) -> Response[str]:
    """Without `route`: all of them, while their departments fit beside each other; else the first."""
    routes = route_services.routes(session)
    found = board.departments_of(session, route)
    if len(found) > board.MOST_COLUMNS and route is None and routes:
        route = routes[0].id
        found = board.departments_of(session, route)
    shown = found[: board.MOST_COLUMNS]
    columns = board.read(session, actor, shown, route)
    numbers = board.counts(session, actor, [key for key, _name in shown], route)
    for column in columns:
        column.counts = numbers[column.department_id]
    _record(session, actor, columns)
    return page(
        request, "relay/board.html", active="board", columns=columns, routes=routes, route=route,
        more={column.department_id: _more(column, route) for column in columns},
    )  # fmt: skip


@get(f"{URL}/{{department_id:uuid}}", permission="relay.view", name="relay:board_more")
def more(
    request: Request[Any, Any, Any], session: Session, actor: Actor, department_id: UUID, route: UUID | None = None,
    after: str = "",
) -> Response[str]:  # fmt: skip
    """The next cards of one column; without scripts a page of that column alone."""
    named = [(key, name) for key, name in board.departments_of(session, route) if key == department_id]
    if not named:
        raise NotFound(_("This department is on no route that is in use."))
    mark = cursors.decode(after, 2) if after else None
    columns = board.read(session, actor, named, route, (mark[0], mark[1]) if mark else None)
    _record(session, actor, columns)
    continued = {column.department_id: _more(column, route) for column in columns}
    if wants_fragment(request):
        return fragment(request, "relay/_board_cards.html", column=columns[0], more=continued)
    column = columns[0]
    column.counts = board.counts(session, actor, [department_id], route)[department_id]
    return page(
        request, "relay/board.html", active="board", columns=columns, more=continued, route=route,
        routes=route_services.routes(session),
    )  # fmt: skip


def _record(session: Session, actor: Actor, columns: list[BoardColumn]) -> None:
    seen = {card.view.engagement.customer_id for column in columns for card in column.cards}
    audit.record(session, actor, "relay.board", ids=sorted(seen))


def _more(column: BoardColumn, route: UUID | None) -> str:
    if column.more is None:
        return ""
    asked = {"after": cursors.encode(list(column.more)), **({"route": str(route)} if route else {})}
    return f"{URL}/{column.department_id}?{urlencode(asked)}"


@get("/legs/{leg_id:uuid}/move", permission="relay.view", name="relay:move")
def move(
    request: Request[Any, Any, Any], session: Session, actor: Actor, leg_id: UUID, to: UUID | None = None
) -> Response[str]:
    """Where a leg can go from here. `to` is the department it was dropped on: a step that is possible opens at once."""
    leg = queries.leg_of(session, leg_id)
    view = queries.view_of(session, leg.engagement_id)
    opening.opened(session, actor, EntityRef("relay", "leg", leg.id), leg.customer_id, "relay.view")
    before = next((item for item in reversed(view.legs) if item.leg.position < leg.position), None)
    on, back = f"/engagements/{view.engagement.id}/hand-over", f"/legs/{leg.id}/return"
    current = view.current is not None and view.current.leg.id == leg.id
    steps = {
        "on": on if current and view.may_hand_over else "",
        "back": back if current and view.may_take else "",
        "reassign": f"/legs/{leg.id}/reassign"
        if current and ledger.covers(actor, "relay.reassign", leg.department_id)
        else "",
    }
    if to is not None:
        follows = view.following is not None and view.following.leg.department_id == to
        returns = before is not None and before.leg.department_id == to
        wanted = (follows and steps["on"]) or (returns and steps["back"])
        if wanted:
            return Response("", status_code=303, media_type="text/html", headers={"location": wanted})
    return page(
        request, "relay/move.html", partial="relay/_move.html", active="board", view=view, leg=leg, steps=steps,
        before=before, dropped=to is not None, customer=ledger.customer_name(session, leg.customer_id),
    )  # fmt: skip


HANDLERS = [show, more, move]
