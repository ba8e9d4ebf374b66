"""Showing the clear value of a contact point: written down first, counted per person and day."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.caps import counting
from platform_core.caps.limits import REVEAL
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.customers import points, queries, rights

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
    """The clear value of one point. Raises NotFound, Forbidden, Frozen."""
    customer = queries.get(session, customer_id)
    rights.require(session, actor, ACTION, customer)
    point = queries.point(session, customer_id, point_id)
    counting.count(session, actor, customer_id)
    standing = counting.count(session, actor, customer_id, REVEAL)
    ref = EntityRef("customers", "point", point.id, f"{customer.name} {point.mask}")
    audit.record(session, actor, ACTION, ref, customer_id=customer_id, after={point.kind: point.mask})
    value = points.clear(session, point)
    scheme = "tel:" if point.kind in points.PHONES else "mailto:" if point.kind == "email" else ""
    return Revealed(
        points.shown(session, point), f"{scheme}{value}" if scheme else "", point.extension, point.mask,
        standing.used,
    )  # fmt: skip
