"""JSON: engagements and legs, through the same services as the pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.contracts.plugin import Routes
from platform_core.relay import inbox, package_api, queries, route_api, services
from platform_core.relay.forms import FinishInput, HandOverInput, OpenInput, PersonInput, ReasonInput, TickInput
from platform_core.relay.models import Engagement, Leg
from platform_core.relay.queries import EngagementView
from platform_core.relay.workdays import routes as workdays
from platform_core.web import cursors
from platform_core.web.apis import Items
from platform_core.web.routing import get, patch, post

_MOST = 100


class LegOut(msgspec.Struct, kw_only=True):
    id: UUID
    position: int
    department_id: UUID
    department: str
    title: str
    state: str
    offered_to: UUID | None
    accept_due_at: datetime | None
    assignee_id: UUID | None
    assignee: str
    accepted_at: datetime | None
    due_at: datetime | None
    note: str
    returned_reason: str
    checklist: list[Any]
    outcome: str
    closed_at: datetime | None


class EngagementOut(msgspec.Struct, kw_only=True):
    id: UUID
    customer_id: UUID
    title: str
    route: str
    state: str
    opened_at: datetime
    closed_at: datetime | None
    may_write: bool
    legs: list[LegOut]


def _out(view: EngagementView) -> EngagementOut:
    row = view.engagement
    return EngagementOut(
        id=row.id,
        customer_id=row.customer_id,
        title=row.title,
        route=row.route_name,
        state=row.state,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        may_write=view.open and view.writes,
        legs=[_leg_out(item) for item in view.legs],
    )


def _leg_out(item: queries.LegView) -> LegOut:
    leg = item.leg
    return LegOut(
        id=leg.id,
        position=leg.position,
        department_id=leg.department_id,
        department=item.department,
        title=leg.title,
        state=leg.state,
        offered_to=leg.offered_to,
        accept_due_at=leg.accept_due_at,
        assignee_id=leg.assignee_id,
        assignee=item.assignee,
        accepted_at=leg.accepted_at,
        due_at=leg.due_at,
        note=leg.note,
        returned_reason=leg.returned_reason,
        checklist=leg.checklist,
        outcome=leg.outcome,
        closed_at=leg.closed_at,
    )


def _one(session: Session, engagement_id: UUID) -> EngagementOut:
    session.flush()  # what a verb has just changed is part of its answer
    return _out(queries.view_of(session, engagement_id))


@get("/", permission="relay.view", name="relay:api_list")
def list_engagements(
    session: Session,
    actor: Actor,
    customer_id: UUID | None = None,
    box: str = "",
    cursor: str = "",
    limit: int = 50,
) -> Items[EngagementOut]:
    """Newest first. `box`: `mine` (legs held by the caller) or `inbox` (legs that wait for the caller)."""
    limit = max(1, min(limit, _MOST))
    statement = select(Engagement.id, Engagement.opened_at).order_by(Engagement.opened_at.desc(), Engagement.id.desc())
    if customer_id is not None:
        statement = statement.where(Engagement.customer_id == customer_id)
    if box == "mine":
        mine = select(Leg.engagement_id).where(Leg.assignee_id == actor.user_id, Leg.state == "active")
        statement = statement.where(Engagement.state == "open", Engagement.id.in_(mine))
    elif box == "inbox":
        waiting = select(Leg.engagement_id).where(inbox.waiting_for(actor))
        statement = statement.where(Engagement.state == "open", Engagement.id.in_(waiting))
    if cursor:
        at, key = cursors.decode(cursor, 2)
        statement = statement.where(
            or_(Engagement.opened_at < at, and_(Engagement.opened_at == at, Engagement.id < key))
        )
    rows = session.execute(statement.limit(limit + 1)).all()
    shown = rows[:limit]
    views = queries.views_by_ids(session, [row.id for row in shown])
    audit.record(session, actor, "relay.list", ids=[view.engagement.customer_id for view in views])
    following = cursors.encode([shown[-1].opened_at, shown[-1].id]) if len(rows) > limit else None
    return Items([_out(view) for view in views], following)


@post("/", permission="relay.open", name="relay:api_open", status_code=201)
def open_engagement(session: Session, actor: Actor, data: OpenInput) -> EngagementOut:
    """A new engagement along a route (see /routes); its first leg is the caller's."""
    made = services.open_by_route(session, actor, data.customer_id, data.route_id, data.title)
    return _one(session, made.id)


@get("/{engagement_id:uuid}", permission="relay.view", name="relay:api_get")
def get_engagement(session: Session, actor: Actor, engagement_id: UUID) -> EngagementOut:
    """One engagement with its legs."""
    view = queries.view_of(session, engagement_id)
    services.record_view(session, actor, view.engagement)
    return _out(view)


@post("/{engagement_id:uuid}/offer", permission="relay.handover", name="relay:api_offer")
def offer(session: Session, actor: Actor, engagement_id: UUID, data: HandOverInput) -> EngagementOut:
    """Close the active leg and offer the next one with its package, composed unless the caller sends one."""
    services.hand_over(session, actor, engagement_id, **msgspec.structs.asdict(data))
    return _one(session, engagement_id)


@post("/{engagement_id:uuid}/finish", permission="relay.handover", name="relay:api_finish")
def finish(session: Session, actor: Actor, engagement_id: UUID, data: FinishInput) -> EngagementOut:
    """Close the last leg, and with it the engagement."""
    services.finish(session, actor, engagement_id, **msgspec.structs.asdict(data))
    return _one(session, engagement_id)


@post("/{engagement_id:uuid}/cancel", permission="relay.handover", name="relay:api_cancel")
def cancel(session: Session, actor: Actor, engagement_id: UUID, data: ReasonInput) -> EngagementOut:
    """Stop an engagement, with a reason."""
    services.cancel(session, actor, engagement_id, data.reason)
    return _one(session, engagement_id)


@post("/{leg_id:uuid}/accept", permission="relay.view", name="relay:api_accept")
def accept(session: Session, actor: Actor, leg_id: UUID) -> EngagementOut:
    """Take over a leg that is offered to the caller's department."""
    return _one(session, services.accept(session, actor, leg_id).engagement_id)


@post("/{leg_id:uuid}/return", permission="relay.view", name="relay:api_return", status_code=204)
def return_leg(session: Session, actor: Actor, leg_id: UUID, data: ReasonInput) -> None:
    """Nothing is answered: whoever returned a baton has no part in the engagement any more."""
    services.return_leg(session, actor, leg_id, data.reason)


@post("/{leg_id:uuid}/reassign", permission="relay.reassign", name="relay:api_reassign")
def reassign(session: Session, actor: Actor, leg_id: UUID, data: PersonInput) -> EngagementOut:
    """Give an active leg to another person of its department."""
    return _one(session, services.reassign(session, actor, leg_id, data.user_id).engagement_id)


@patch("/{leg_id:uuid}/checklist", permission="relay.view", name="relay:api_tick")
def tick(session: Session, actor: Actor, leg_id: UUID, data: TickInput) -> EngagementOut:
    """Tick or untick one item of a leg's checklist."""
    return _one(session, services.tick(session, actor, leg_id, data.key, data.done).engagement_id)


ENGAGEMENTS = [list_engagements, open_engagement, get_engagement, offer, finish, cancel, package_api.proposed]
LEGS = [accept, return_leg, reassign, tick, package_api.sent]
MOUNTED = [
    Routes("/engagements", ENGAGEMENTS),
    Routes("/legs", LEGS),
    Routes("/routes", route_api.ROUTES),
    Routes("/workdays", workdays.API),
]
