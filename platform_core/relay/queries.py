"""Reads of the relay. Policies see to it that an actor finds only engagements they have a part in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, exists, or_, select, true
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.contracts.pages import TimelineQuery
from platform_core.kernel import timelines
from platform_core.kernel.clock import local
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.idlists import NamedIds, among
from platform_core.kernel.scope import AnySelect, actor_of, prepared, proven, visible
from platform_core.permissions.models import Access
from platform_core.permissions.policies import live
from platform_core.relay.ledger import may_hand_over, may_take, within
from platform_core.relay.models import Engagement, Leg, RelayEvent
from platform_core.users.labels import labels
from platform_core.users.models import Department, User

_ = translator("relay")
_MOST_LEGS = 120
"""Legs read for one customer page; older engagements beyond are reached through the list of engagements."""
_WHOLE = proven("legs are read with their engagement, which is read within the actor's scope")


@dataclass(frozen=True, slots=True)
class LegView:
    """A leg with the names that belong to it."""

    leg: Leg
    department: str
    assignee: str
    receiver: str
    sender: str

    @property
    def who(self) -> str:
        return self.receiver if self.leg.state == "offered" else self.assignee

    @property
    def since(self) -> str:
        """11-03, when it was taken over or offered; "" while it is planned."""
        moment = self.leg.offered_at if self.leg.state == "offered" else self.leg.accepted_at
        return f"{local(moment):%m-%d}" if moment and self.leg.state != "planned" else ""

    @property
    def until(self) -> str:
        return f"{local(self.leg.closed_at):%m-%d}" if self.leg.closed_at else ""


@dataclass(slots=True)
class EngagementView:
    """An engagement with its legs in order, and what the asking actor may do with it."""

    engagement: Engagement
    actor: Actor
    writes: bool
    legs: list[LegView] = field(default_factory=list)

    def in_state(self, state: str) -> LegView | None:
        return next((view for view in self.legs if view.leg.state == state), None)

    @property
    def open(self) -> bool:
        return self.engagement.state == "open"

    @property
    def current(self) -> LegView | None:
        """The leg that is offered or active."""
        return self.in_state("offered") or self.in_state("active")

    @property
    def following(self) -> LegView | None:
        """The leg that would be offered next."""
        return self.in_state("planned")

    @property
    def may_hand_over(self) -> bool:
        active = self.in_state("active")
        free = self.open and self.in_state("offered") is None
        return free and may_hand_over(self.actor, self.engagement, active.leg if active else None)

    @property
    def may_take(self) -> bool:
        offered = self.in_state("offered")
        return self.open and offered is not None and may_take(self.actor, offered.leg)

    @property
    def may_tick(self) -> bool:
        return self.open and self.writes and self.in_state("active") is not None


def _writes(actor: Actor, engagement_id: Any) -> ColumnElement[bool]:
    """The actor has a live part with the right to write."""
    return exists().where(
        Access.engagement_id == engagement_id,
        Access.user_id == actor.user_id,
        Access.kind == "member",
        Access.may_write,
        live(),
    )


def _heads(actor: Actor) -> ColumnElement[bool]:
    """The leg's department is within the actor's scope of handing over."""
    return within(actor, "relay.handover")


def _views(reader: Actor) -> AnySelect:
    """Legs of engagements that the actor sees; for _WHOLE, since a leg is seen by whoever sees its engagement."""
    theirs = visible(Engagement, reader)
    return (
        select(Engagement, Leg, _writes(reader, Engagement.id).label("writes"), _heads(reader).label("heads"))
        .join(Leg, Leg.engagement_id == Engagement.id)
        .where(true() if theirs is None else theirs)
        .execution_options(**_WHOLE)
    )


@prepared
def _views_of_customer(reader: Actor) -> AnySelect:
    return (
        _views(reader)
        .where(Engagement.customer_id == bindparam("customer_id"))
        .order_by(Engagement.state != "open", Engagement.opened_at.desc(), Engagement.id, Leg.position)
        .limit(_MOST_LEGS)
    )


@prepared
def _views_of_ids(reader: Actor) -> AnySelect:
    return _views(reader).where(among(Engagement.id, NamedIds("engagement_ids"))).order_by(Leg.position)


def _group(session: Session, statement: Any, **values: Any) -> list[EngagementView]:
    actor = actor_of(session)
    rows = session.execute(statement, values).all()
    # Names come from the cache: with four more tables to join, finding a plan takes longer than the rows.
    legs = [leg for _engagement, leg, *_flags in rows]
    keys = (key for leg in legs for key in (leg.department_id, leg.assignee_id, leg.offered_to, leg.offered_by))
    names = labels(session, keys)
    views: dict[UUID, EngagementView] = {}
    for engagement, leg, writes, heads in rows:
        view = views.setdefault(engagement.id, EngagementView(engagement, actor, bool(writes)))
        view.legs.append(
            LegView(
                leg,
                names.department(leg.department_id),
                names.person(leg.assignee_id),
                names.person(leg.offered_to),
                names.person(leg.offered_by),
            )
        )
        view.writes = view.writes or (bool(heads) and leg.state == "active")
    return list(views.values())


def engagements_of(session: Session, customer_id: UUID) -> list[EngagementView]:
    """A customer's engagements that the session's actor may see, open ones first, newest first. One statement.

    Kept for the rest of the request: facts, panels and the timeline ask for the same. Services forget it.
    """
    kept: dict[UUID, list[EngagementView]] = session.info.setdefault("relay_views", {})
    if customer_id not in kept:
        kept[customer_id] = _group(session, _views_of_customer(session), customer_id=customer_id)
    return kept[customer_id]


def view_of(session: Session, engagement_id: UUID) -> EngagementView:
    """Raises NotFound."""
    found = _group(session, _views_of_ids(session), engagement_ids=[engagement_id])
    if not found:
        raise NotFound(_("This engagement does not exist, or it is not yours to see."))
    return found[0]


def leg_of(session: Session, leg_id: UUID) -> Leg:
    """Raises NotFound."""
    leg = session.scalars(select(Leg).where(Leg.id == leg_id)).one_or_none()
    if leg is None:
        raise NotFound(_("This leg does not exist, or it is not yours to see."))
    return leg


def views_by_ids(session: Session, engagement_ids: Sequence[UUID]) -> list[EngagementView]:
    """In the order of the ids; unseen ones are left out."""
    views = _group(session, _views_of_ids(session), engagement_ids=list(engagement_ids))
    found = {view.engagement.id: view for view in views}
    return [found[key] for key in engagement_ids if key in found]


def writable_engagements(
    session: Session,
    actor: Actor,
    customer_id: UUID,
) -> list[tuple[UUID, str]]:
    """(id, title) of the customer's open engagements in which the actor may write, newest first."""
    return [
        (view.engagement.id, view.engagement.title)
        for view in engagements_of(session, customer_id)
        if view.open and view.writes
    ]


def may_write(session: Session, actor: Actor, engagement_id: UUID) -> bool:
    """Whether the actor may write in an engagement; False for one that is closed or not theirs to see."""
    return bool(writable_among(session, actor, [engagement_id]))


def writable_among(session: Session, actor: Actor, engagement_ids: Collection[UUID]) -> set[UUID]:
    """As `may_write`, of many at once."""
    heads = exists().where(Leg.engagement_id == Engagement.id, Leg.state == "active", _heads(actor))
    statement = select(Engagement.id).where(
        among(Engagement.id, engagement_ids), Engagement.state == "open", or_(_writes(actor, Engagement.id), heads)
    )
    return set(session.scalars(statement)) if engagement_ids else set()


def history(session: Session, engagement_id: UUID, limit: int = 100) -> list[RelayEvent]:
    """Newest first."""
    statement = select(RelayEvent).where(RelayEvent.engagement_id == engagement_id)
    return list(session.scalars(statement.order_by(RelayEvent.at.desc(), RelayEvent.id.desc()).limit(limit)))


@prepared
def _events(reader: Actor, part: timelines.Part) -> AnySelect:
    of_engagement = select(RelayEvent, Engagement.title).join(Engagement, Engagement.id == RelayEvent.engagement_id)
    return timelines.narrowed(of_engagement, RelayEvent, part)


def events_of(session: Session, query: TimelineQuery) -> list[tuple[RelayEvent, str]]:
    """A customer's relay events with the titles of their engagements, as a timeline asks for them."""
    found = session.execute(_events(session, timelines.part_of(query)), timelines.values(query))
    return [(event, title) for event, title in found]


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody's part in an engagement, as the page lists it."""

    user_id: UUID
    name: str
    department: str
    role: str
    writes: bool
    since: datetime
    until: datetime | None


def members_of(session: Session, engagement_id: UUID) -> list[Member]:
    """Live members, one line per person: the part that lets them do most."""
    statement = (
        select(Access, User.id, User.name, Department.name)
        .join(User, User.id == Access.user_id)
        .outerjoin(Department, Department.id == User.department_id)
        .where(Access.engagement_id == engagement_id, Access.kind == "member", live())
        .order_by(Access.may_write.desc(), Access.since)
    )
    found: dict[UUID, Member] = {}
    for row, key, name, department in session.execute(statement):
        found.setdefault(key, Member(key, name, department or "", row.role, row.may_write, row.since, row.until))
    return list(found.values())


def people_of(session: Session, department_id: UUID) -> list[tuple[UUID, str]]:
    """Active people of a department, for choosing one."""
    statement = select(User.id, User.name).where(User.department_id == department_id, User.status == "active")
    return [(key, name) for key, name in session.execute(statement.order_by(User.name, User.id).limit(200))]
