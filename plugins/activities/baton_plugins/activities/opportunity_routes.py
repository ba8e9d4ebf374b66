"""What is planned about an opportunity, as a piece of its page; and the way from a plan to that page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from baton_plugins.activities import about, panels, queries
from baton_plugins.activities.desk.listview import STATES
from baton_plugins.activities.routes import VIEW
from baton_plugins.activities.urging import services as urging

from platform_core.api import (
    OPPORTUNITIES,
    Actor,
    EntityRef,
    Request,
    Response,
    Session,
    User,
    customer_opened,
    decode_cursor,
    encode_cursor,
    fragment,
    get,
    record,
    redirect,
    service_of,
)

_CLOSED = 20
"""Closed plans that are shown at once"""


@get("/opportunity/{opportunity_id:uuid}", permission=VIEW, name="activities:plans_of_opportunity")
def of_opportunity(
    request: Request[Any, Any, Any], session: Session, actor: Actor, opportunity_id: UUID
) -> Response[str]:
    """Open plans about it, soonest first, with what the reader may do."""
    found = about.get(session, opportunity_id)
    rows = queries.of_opportunity(session, found.id)
    ref = EntityRef("opportunities", "opportunity", found.id, found.label)
    customer_opened(session, actor, ref, found.customer_id, "activities.plans", ids={found.customer_id})
    holder = session.get(User, found.holder_id) if found.holder_id else None
    return fragment(
        request, "activities/_opportunity.html", opportunity=found, plans=panels.offers(session, actor, rows),
        may_plan=any(key == str(found.id) for key, _title in about.offered(session, actor, found.customer_id))
        and actor.can("activities.write"),
        may_urge=holder is not None and urging.may_urge(actor, holder),
    )  # fmt: skip


@get("/opportunity/{opportunity_id:uuid}/closed", permission=VIEW, name="activities:closed_of_opportunity")
def closed_of_opportunity(
    request: Request[Any, Any, Any], session: Session, actor: Actor, opportunity_id: UUID, before: str = ""
) -> Response[str]:
    """Plans about it that are done or cancelled, page by page."""
    found = about.get(session, opportunity_id)
    mark = decode_cursor(before, 2) if before else None
    rows = queries.closed_of_opportunity(
        session, found.id, before=(mark[0], mark[1]) if mark else None, limit=_CLOSED + 1
    )
    more, rows = len(rows) > _CLOSED, rows[:_CLOSED]
    last = rows[-1].plan if more else None
    older = f"/plans/opportunity/{found.id}/closed?before={encode_cursor([last.due_at, last.id])}" if last else ""
    record(session, actor, "activities.plans", ids={found.customer_id})
    return fragment(request, "activities/_closed_plans.html", rows=rows, older=older, states=STATES)


@get("/{plan_id:uuid}/opportunity", permission=VIEW, name="activities:opportunity_of_plan")
def opportunity_of_plan(request: Request[Any, Any, Any], session: Session, plan_id: UUID) -> Response[str]:
    """To the customer where the plan is about none, or where nobody keeps opportunities any more."""
    plan = queries.plan(session, plan_id).plan
    url = service_of(session, OPPORTUNITIES).url(plan.opportunity_id) if plan.opportunity_id else ""
    return redirect(request, url or f"/customers/{plan.customer_id}")


HANDLERS = [of_opportunity, closed_of_opportunity, opportunity_of_plan]
