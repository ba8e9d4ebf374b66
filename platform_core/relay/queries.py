"""Reads of the relay. Policies see to it that an actor finds only engagements they have a part in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true
from sqlalchemy.orm import Session, aliased

from platform_core.contracts.identity import Actor, Scope
from platform_core.contracts.pages import Badge, TimelineQuery
from platform_core.customers.models import Customer
from platform_core.kernel.clock import local, now
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.idlists import among
from platform_core.kernel.scope import actor_of, proven, visible
from platform_core.permissions.models import Access
from platform_core.permissions.policies import engagement_predicate
from platform_core.relay import access
from platform_core.relay.ledger import may_hand_over, may_take
from platform_core.relay.models import Engagement, Leg, RelayEvent
from platform_core.users.labels import labels
from platform_core.users.models import Department, User

_ = translator("relay")
_MOST_LEGS = 120
"""Legs read for one customer page; older engagements beyond are reached through the list of engagements."""
_OF_SEEN_CUSTOMERS = proven("the relay's part of a list: its customers were read within the actor's scope")
_WHOLE = proven("legs are read with their engagement, which is read within the actor's scope")
_assignee, _receiver, _sender = aliased(User), aliased(User), aliased(User)


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
        access.live(),
    )


def _heads(actor: Actor) -> ColumnElement[bool]:
    """The leg's department is within the actor's scope of handing over."""
    if actor.scope("relay.handover") == Scope.ALL:
        return true()
    departments = actor.departments_for("relay.handover")
    return among(Leg.department_id, departments) if departments else false()


def _views(actor: Actor) -> Any:
    """Legs of engagements that the actor sees; for _WHOLE, since a leg is seen by whoever sees its engagement."""
    theirs = visible(Engagement, actor)
    return (
        select(Engagement, Leg, _writes(actor, Engagement.id).label("writes"), _heads(actor).label("heads"))
        .join(Leg, Leg.engagement_id == Engagement.id)
        .where(true() if theirs is None else theirs)
        .execution_options(**_WHOLE)
    )


def _group(session: Session, statement: Any) -> list[EngagementView]:
    actor = actor_of(session)
    rows = session.execute(statement).all()
    # Names come from the cache: with four more tables to join, finding a plan takes longer than the rows.
    people = (key for _engagement, leg, *_flags in rows for key in (leg.assignee_id, leg.offered_to, leg.offered_by))
    names = labels(session, people)
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
    actor = actor_of(session)
    kept: dict[UUID, list[EngagementView]] = session.info.setdefault("relay_views", {})
    if customer_id not in kept:
        statement = (
            _views(actor)
            .where(Engagement.customer_id == customer_id)
            .order_by(Engagement.state != "open", Engagement.opened_at.desc(), Engagement.id, Leg.position)
            .limit(_MOST_LEGS)
        )
        kept[customer_id] = _group(session, statement)
    return kept[customer_id]


def view_of(session: Session, engagement_id: UUID) -> EngagementView:
    """Raises NotFound."""
    statement = _views(actor_of(session)).where(Engagement.id == engagement_id).order_by(Leg.position)
    found = _group(session, statement)
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
    statement = _views(actor_of(session)).where(Engagement.id.in_(engagement_ids)).order_by(Leg.position)
    found = {view.engagement.id: view for view in _group(session, statement)}
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
    heads = exists().where(Leg.engagement_id == Engagement.id, Leg.state == "active", _heads(actor))
    statement = select(Engagement.id).where(
        Engagement.id == engagement_id, Engagement.state == "open", or_(_writes(actor, Engagement.id), heads)
    )
    return session.scalar(statement) is not None


@dataclass(frozen=True, slots=True)
class InboxLine:
    """A leg in a department's inbox."""

    leg: Leg
    title: str
    customer_id: UUID
    customer: str
    department: str
    assignee: str
    receiver: str
    sender: str

    @property
    def limit(self) -> datetime | None:
        return self.leg.accept_due_at if self.leg.state == "offered" else self.leg.due_at


def _lines() -> Any:
    return (
        select(
            Leg,
            Engagement.title,
            Customer.id,
            Customer.name,
            Department.name,
            _assignee.name,
            _receiver.name,
            _sender.name,
        )
        .join(Engagement, Engagement.id == Leg.engagement_id)
        .join(Customer, Customer.id == Leg.customer_id)
        .join(Department, Department.id == Leg.department_id)
        .outerjoin(_assignee, _assignee.id == Leg.assignee_id)
        .outerjoin(_receiver, _receiver.id == Leg.offered_to)
        .outerjoin(_sender, _sender.id == Leg.offered_by)
        .where(Engagement.state == "open")
    )


def _line(row: Any) -> InboxLine:
    leg, title, customer_id, customer, department, assignee, receiver, sender = row
    return InboxLine(leg, title, customer_id, customer, department, assignee or "", receiver or "", sender or "")


def waiting_for(actor: Actor) -> ColumnElement[bool]:
    """Offered legs that the actor may take: offered to them by name, or to a department they work in."""
    mine = Leg.offered_to == actor.user_id
    if not actor.can("relay.accept") or not actor.department_ids:
        return and_(Leg.state == "offered", mine)
    open_to_all = and_(among(Leg.department_id, actor.department_ids), Leg.offered_to.is_(None))
    return and_(Leg.state == "offered", or_(mine, open_to_all))


def badge(actor: Actor) -> Badge:
    """What waits to be taken over by the actor."""
    return Badge(Leg, [waiting_for(actor)])


def headed_by(actor: Actor) -> ColumnElement[bool]:
    """Legs of the departments whose work the actor may reassign."""
    if actor.scope("relay.reassign") == Scope.ALL:
        return true()
    departments = actor.departments_for("relay.reassign")
    return among(Leg.department_id, departments) if departments else false()


def heads_inbox(actor: Actor) -> bool:
    """Whether the inbox also shows the work of whole departments."""
    return actor.scope("relay.reassign") == Scope.ALL or bool(actor.departments_for("relay.reassign"))


def inbox(
    session: Session,
    actor: Actor,
    *,
    state: str = "offered",
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
    headed: bool = True,
) -> list[InboxLine]:
    """Legs in `state` (offered or active), most urgent first: the actor's own and, for heads, their departments'.

    `headed=False` leaves the departments' out. `after` is the keyset mark: (limit of the last line, its leg's id).
    """
    column = Leg.accept_due_at if state == "offered" else Leg.due_at
    mine = waiting_for(actor) if state == "offered" else Leg.assignee_id == actor.user_id
    statement = _lines().where(Leg.state == state, or_(mine, headed_by(actor)) if headed else mine)
    if after is not None:
        moment, key = after
        statement = statement.where(or_(column > moment, and_(column == moment, Leg.id > key)))
    return [_line(row) for row in session.execute(statement.order_by(column, Leg.id).limit(limit))]


def due_legs(session: Session, limit: int = 200) -> list[InboxLine]:
    """Legs whose moment to remind has come, oldest first. For the job: asks on nobody's behalf."""
    statement = (
        _lines().where(Leg.remind_at <= now(), Customer.deleted_at.is_(None)).order_by(Leg.remind_at).limit(limit)
    )
    return [_line(row) for row in session.execute(statement)]


def history(session: Session, engagement_id: UUID, limit: int = 100) -> list[RelayEvent]:
    """Newest first."""
    statement = select(RelayEvent).where(RelayEvent.engagement_id == engagement_id)
    return list(session.scalars(statement.order_by(RelayEvent.at.desc(), RelayEvent.id.desc()).limit(limit)))


def events_of(session: Session, query: TimelineQuery) -> list[tuple[RelayEvent, str]]:
    """A customer's relay events with the titles of their engagements, as a timeline asks for them."""
    statement = (
        select(RelayEvent, Engagement.title)
        .join(Engagement, Engagement.id == RelayEvent.engagement_id)
        .where(RelayEvent.customer_id == query.customer_id)
        .order_by(RelayEvent.at.desc(), RelayEvent.id.desc())
        .limit(query.limit)
    )
    if query.engagement_id is not None:
        statement = statement.where(RelayEvent.engagement_id == query.engagement_id)
    if query.before is not None:
        at, key = query.before
        statement = statement.where(or_(RelayEvent.at < at, and_(RelayEvent.at == at, RelayEvent.id < key)))
    return [(event, title) for event, title in session.execute(statement)]


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
        .where(Access.engagement_id == engagement_id, Access.kind == "member", access.live())
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


def open_legs(session: Session, actor: Actor, customer_ids: Sequence[UUID]) -> dict[UUID, list[Any]]:
    """Customer -> legs, in order, of its newest open engagement that the actor may see; others are left out.

    Rows of state, accept_due_at and due_at. The ids are those of customers that the actor sees.
    """
    theirs = engagement_predicate(Engagement.id, actor)
    wanted = and_(among(Engagement.customer_id, customer_ids), Engagement.state == "open")
    statement = (
        select(Leg.customer_id, Leg.engagement_id, Leg.state, Leg.accept_due_at, Leg.due_at)
        .join(Engagement, Engagement.id == Leg.engagement_id)
        .where(wanted, true() if theirs is None else theirs)
        .order_by(Engagement.opened_at.desc(), Engagement.id.desc(), Leg.position)
    )
    found: dict[UUID, list[Any]] = {}
    for leg in session.execute(statement, execution_options=_OF_SEEN_CUSTOMERS):
        legs = found.setdefault(leg.customer_id, [])
        if not legs or legs[0].engagement_id == leg.engagement_id:
            legs.append(leg)
    return found
