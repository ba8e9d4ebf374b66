"""Whom to tell when a department lets a baton lie: the heads who may give it to somebody."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor, Scope
from platform_core.permissions.everybody import Holder, holders
from platform_core.relay.inbox import InboxLine
from platform_core.relay.models import RelayEvent

_RIGHT = "relay.reassign"


def everybody(session: Session) -> list[Holder]:
    """Whoever may reassign anywhere, with those who lent them the right."""
    return holders(session, (_RIGHT,))


def heads_of(people: list[Holder], department_id: UUID) -> list[UUID]:
    """The heads of a department and their deputies; where it has none, those responsible for all of them."""
    parties = [(holder.actor.user_id, party) for holder in people for party in _parties(holder)]
    near = {user_id for user_id, party in parties if department_id in _departments(party)}
    return sorted(near or {user_id for user_id, party in parties if party.scope(_RIGHT) == Scope.ALL})


def _parties(holder: Holder) -> list[Actor]:
    return [holder.actor, *(lender.actor for lender in holder.lent)]


def _departments(actor: Actor) -> frozenset[UUID]:
    return frozenset() if actor.scope(_RIGHT) == Scope.ALL else actor.departments_for(_RIGHT)


def note(session: Session, line: InboxLine) -> None:
    """The line of history, and of the trail, that nobody in particular writes."""
    leg = line.leg
    session.add(
        RelayEvent(
            engagement_id=leg.engagement_id,
            leg_id=leg.id,
            customer_id=leg.customer_id,
            kind="escalated",
            to_department=line.department,
            to_person=line.receiver,
        )
    )
    ref = EntityRef("relay", "engagement", leg.engagement_id, line.title)
    audit.record(
        session, None, "relay.escalate", ref, customer_id=leg.customer_id, after={"department": line.department}
    )
