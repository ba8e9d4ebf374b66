"""Showing the clear value of a contact point: written down first, counted per person and day."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.audit.models import AuditEntry
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.customers import points, queries, rights
from platform_core.kernel.clock import day_start, today

ACTION = "customers.reveal"


@dataclass(frozen=True, slots=True)
class Revealed:
    """`text` as people write it, `link` for a telephone or mail program ("" for others)."""

    text: str
    link: str
    extension: str
    mask: str
    customers_today: int


def reveal(session: Session, actor: Actor, customer_id: UUID, point_id: UUID) -> Revealed:
    """The clear value of one point. Raises NotFound, Forbidden."""
    customer = queries.get(session, customer_id)
    rights.require(session, actor, ACTION, customer)
    point = queries.point(session, customer_id, point_id)
    ref = EntityRef("customers", "point", point.id, f"{customer.name} {point.mask}")
    audit.record(session, actor, ACTION, ref, customer_id=customer_id, after={point.kind: point.mask})
    value = points.clear(session, point)
    scheme = "tel:" if point.kind in points.PHONES else "mailto:" if point.kind == "email" else ""
    return Revealed(
        points.shown(session, point), f"{scheme}{value}" if scheme else "", point.extension, point.mask,
        customers_today(session, actor),
    )  # fmt: skip


def customers_today(session: Session, actor: Actor) -> int:
    """How many different customers' numbers the actor has looked at since the organisation's day began."""
    return (
        session.scalar(
            select(func.count(AuditEntry.customer_id.distinct())).where(
                AuditEntry.actor_id == actor.user_id,
                AuditEntry.at >= day_start(today()),
                AuditEntry.action == ACTION,
            )
        )
        or 0
    )
