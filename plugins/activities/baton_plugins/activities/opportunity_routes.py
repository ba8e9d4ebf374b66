"""What is planned about an opportunity, as a piece of its page; and the way from a plan to that page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from baton_plugins.activities import about, panels, queries
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
    fragment,
    get,
    redirect,
    service_of,
)


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


@get("/{plan_id:uuid}/opportunity", permission=VIEW, name="activities:opportunity_of_plan")
def opportunity_of_plan(request: Request[Any, Any, Any], session: Session, plan_id: UUID) -> Response[str]:
    """To the customer where the plan is about none, or where nobody keeps opportunities any more."""
    plan = queries.plan(session, plan_id).plan
    url = service_of(session, OPPORTUNITIES).url(plan.opportunity_id) if plan.opportunity_id else ""
    return redirect(request, url or f"/customers/{plan.customer_id}")


HANDLERS = [of_opportunity, opportunity_of_plan]
