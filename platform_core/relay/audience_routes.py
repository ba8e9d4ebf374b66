"""The page that tells who sees a customer, and why."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.customers import opening, queries
from platform_core.relay import audience
from platform_core.web.apis import cut
from platform_core.web.pages import page
from platform_core.web.routing import get

PERMISSION = "relay.audience"
_PAGE = 50


@get("/customers/{customer_id:uuid}/audience", permission=PERMISSION, name="relay:audience")
def show(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, after: str = ""
) -> Response[str]:
    """`after` is the mark of a further page."""
    customer = queries.get(session, customer_id)
    ref = EntityRef("customers", "customer", customer.id, customer.name)
    opening.opened(session, actor, ref, customer.id, "relay.audience")
    found = audience.viewers(session, customer)
    shown, more = cut(found, lambda viewer: viewer.actor.user_id, after, _PAGE)
    return page(
        request, "relay/audience.html", active="customers", customer=customer, viewers=shown, total=len(found),
        more=f"/customers/{customer.id}/audience?after={more}" if more else "",
    )  # fmt: skip


HANDLERS = [show]
