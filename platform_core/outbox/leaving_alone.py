"""Whom nothing but what is needed is sent to for a while: told by people, asked whenever something is to be sent."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.customers.models import Customer
from platform_core.kernel.clock import day_start, local, now
from platform_core.kernel.database import vault_of
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.ids import new_id
from platform_core.outbox.models import Exclusion

_ = translator("outbox")


def leave_alone(
    session: Session, actor: Actor, customer: Customer, occasion: str, until: date | None, reason: str
) -> None:
    """On one occasion, or with "" on all; the day `until` is the first on which the customer is written to again.

    The caller has checked the right. The reason is kept encrypted and stands in no trail.
    """
    found = _one(session, customer.id, occasion)
    if found is None:
        found = Exclusion(id=new_id(), customer_id=customer.id, occasion=occasion)
        session.add(found)
    found.until = day_start(until) if until is not None else None
    found.reason = vault_of(session).encrypt(reason)
    found.by_label, found.at = actor.name, now()
    _noted(session, actor, "outbox.leave_alone", customer, occasion)


def write_again(session: Session, actor: Actor, customer: Customer, occasion: str) -> None:
    """Raises NotFound where nothing stands against it."""
    found = _one(session, customer.id, occasion)
    if found is None:
        raise NotFound(_("Nothing stands against it."))
    session.delete(found)
    _noted(session, actor, "outbox.write_again", customer, occasion)


def left_alone(session: Session, customer_id: UUID) -> list[tuple[str, date | None]]:
    """(occasion, until) of what holds now."""
    statement = (
        select(Exclusion.occasion, Exclusion.until)
        .where(Exclusion.customer_id == customer_id)
        .order_by(Exclusion.occasion)
    )
    moment = now()
    return [
        (occasion, _day(until)) for occasion, until in session.execute(statement) if until is None or until > moment
    ]


def _day(until: datetime | None) -> date | None:
    return local(until).date() if until is not None else None


def _one(session: Session, customer_id: UUID, occasion: str) -> Exclusion | None:
    mine = select(Exclusion).where(Exclusion.customer_id == customer_id, Exclusion.occasion == occasion)
    return session.scalars(mine).one_or_none()


def _noted(session: Session, actor: Actor, verb: str, customer: Customer, occasion: str) -> None:
    ref = EntityRef("customers", "customer", customer.id, customer.name)
    audit.record(session, actor, verb, ref, customer_id=customer.id, after={"occasion": occasion})
