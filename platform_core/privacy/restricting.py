"""Keeping a record without using it: seen with a mark, but neither changed, contacted nor taken along."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.events import Event
from platform_core.contracts.identity import Actor
from platform_core.customers import queries, quietly, rights, services
from platform_core.customers.models import Customer
from platform_core.kernel import clock
from platform_core.kernel.errors import Conflict
from platform_core.kernel.events import publish
from platform_core.kernel.i18n import translator
from platform_core.kernel.ids import new_id
from platform_core.privacy.models import Restriction
from platform_core.privacy.policies import HANDLE

_ = translator("privacy")


def restrict(session: Session, actor: Actor, customer_id: UUID, reason: str) -> Restriction:
    """Raises NotFound, Forbidden, and Conflict where it is restricted already."""
    customer = _handled(session, actor, customer_id)
    if customer.restricted_at is not None:
        raise Conflict(_("This record is restricted already."))
    since = clock.now()
    quietly.write(session, customer.id, restricted_at=since)
    made = Restriction(
        id=new_id(), customer_id=customer.id, at=since, by_id=actor.user_id, by_label=actor.name, reason=reason.strip()
    )
    session.add(made)
    audit.record(
        session, actor, "privacy.restrict", services.ref(customer), customer_id=customer.id, reason=made.reason
    )
    publish(session, Event("privacy.restricted", services.ref(customer), customer.id, actor.user_id))
    return made


def lift(session: Session, actor: Actor, customer_id: UUID, reason: str) -> None:
    """Let the record be used again. Raises NotFound, Forbidden, and Conflict where it is not restricted."""
    customer = _handled(session, actor, customer_id)
    if customer.restricted_at is None:
        raise Conflict(_("This record is not restricted."))
    quietly.write(session, customer.id, restricted_at=None)
    open_ones = select(Restriction).where(Restriction.customer_id == customer.id, Restriction.lifted_at.is_(None))
    for row in session.scalars(open_ones):
        row.lifted_at, row.lifted_by, row.lift_reason = clock.now(), actor.name, reason.strip()
    audit.record(
        session, actor, "privacy.lift_restriction", services.ref(customer), customer_id=customer.id,
        reason=reason.strip(),
    )  # fmt: skip
    publish(session, Event("privacy.restriction_lifted", services.ref(customer), customer.id, actor.user_id))


def of_customer(session: Session, customer_id: UUID) -> list[Restriction]:
    """The latest first."""
    statement = select(Restriction).where(Restriction.customer_id == customer_id)
    return list(session.scalars(statement.order_by(Restriction.at.desc())))


def _handled(session: Session, actor: Actor, customer_id: UUID) -> Customer:
    customer = queries.get(session, customer_id)
    rights.require(session, actor, HANDLE, customer)
    return customer
