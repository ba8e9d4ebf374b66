"""Legs that wait in inboxes: offered ones and those being worked on, most urgent first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, aliased

from platform_core.contracts.identity import Actor, Scope
from platform_core.contracts.pages import Badge
from platform_core.customers.models import Customer
from platform_core.kernel.clock import now
from platform_core.kernel.idlists import among
from platform_core.relay.ledger import within
from platform_core.relay.models import Engagement, Leg
from platform_core.users.models import Department, User

_assignee, _receiver, _sender = aliased(User), aliased(User), aliased(User)


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
    )


def _open_lines() -> Any:
    return _lines().where(Engagement.state == "open")


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
    return within(actor, "relay.reassign")


def heads_inbox(actor: Actor) -> bool:
    """Whether the inbox also shows the work of whole departments."""
    return any(party.scope("relay.reassign") >= Scope.DEPARTMENT for party in actor.parties)


def read(
    session: Session,
    actor: Actor,
    *,
    state: str = "offered",
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
    headed: bool = True,
    department_id: UUID | None = None,
) -> list[InboxLine]:
    """Legs in `state` (offered or active), most urgent first: the actor's own and, for heads, their departments'.

    `headed=False` leaves the departments' out. `after` is the keyset mark: (limit of the last line, its leg's id).
    """
    column = Leg.accept_due_at if state == "offered" else Leg.due_at
    mine = waiting_for(actor) if state == "offered" else Leg.assignee_id == actor.user_id
    statement = _open_lines().where(Leg.state == state, or_(mine, headed_by(actor)) if headed else mine)
    if department_id is not None:
        statement = statement.where(Leg.department_id == department_id)
    if after is not None:
        moment, key = after
        statement = statement.where(or_(column > moment, and_(column == moment, Leg.id > key)))
    return [_line(row) for row in session.execute(statement.order_by(column, Leg.id).limit(limit))]


def handed_over(
    session: Session,
    actor: Actor,
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
    unfinished: bool = False,
) -> list[InboxLine]:
    """What the actor has handed over, latest first; `unfinished`: what somebody still works on or has sent back."""
    statement = _lines().where(Leg.offered_by == actor.user_id)
    if unfinished:
        # A leg that nobody has offered again is planned; whoever returned it said why.
        sent_back = and_(Leg.state == "planned", Leg.returned_reason != "")
        statement = statement.where(Engagement.state == "open", or_(Leg.state.in_(["offered", "active"]), sent_back))
    if after is not None:
        moment, key = after
        statement = statement.where(or_(Leg.offered_at < moment, and_(Leg.offered_at == moment, Leg.id < key)))
    newest = statement.order_by(Leg.offered_at.desc(), Leg.id.desc()).limit(limit)
    return [_line(row) for row in session.execute(newest)]


def due_legs(session: Session, limit: int = 200) -> list[InboxLine]:
    """Legs whose moment to remind has come, oldest first. For the job: asks on nobody's behalf."""
    statement = (
        _open_lines().where(Leg.remind_at <= now(), Customer.deleted_at.is_(None)).order_by(Leg.remind_at).limit(limit)
    )
    return [_line(row) for row in session.execute(statement)]
