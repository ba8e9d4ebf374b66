"""Showing the clear value of a contact point: written down first, counted per person and day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.caps import counting, limits
from platform_core.caps.limits import REVEAL, Standing
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.customers import points, queries, rights
from platform_core.customers.models import Contact, ContactPoint, Customer
from platform_core.kernel.clock import today
from platform_core.kernel.errors import Ask, Forbidden
from platform_core.kernel.i18n import translator

_ = translator("customers")
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
    standing = _count(session, actor, customer_id)
    ref = EntityRef("customers", "point", point.id, f"{customer.name} {point.mask}")
    audit.record(session, actor, ACTION, ref, customer_id=customer_id, after={point.kind: point.mask})
    return _clear(session, point, standing)


def reveal_of_contact(session: Session, actor: Actor, contact_id: UUID, point_id: UUID) -> Revealed:
    """The same of a contact that stands alone: it counts towards the day's caps as a customer does."""
    contact, point = alone(session, contact_id, point_id)
    rights.require_contact(session, actor, ACTION, contact)
    standing = _count(session, actor, contact_id)
    ref = EntityRef("customers", "contact", contact.id, contact.name)
    audit.record(session, actor, ACTION, ref, after={point.kind: point.mask})
    return _clear(session, point, standing)


def alone(session: Session, contact_id: UUID, point_id: UUID) -> tuple[Contact, ContactPoint]:
    """A contact without a customer and one of its points. Raises NotFound: numbers of others are its customer's."""
    contact = queries.contact(session, contact_id)
    held = [] if contact.customer_id else queries.points_of_contacts(session, [contact_id])[contact_id]
    for point in held:
        if point.id == point_id:
            return contact, point
    raise queries.no_such_point()


def _count(session: Session, actor: Actor, holder_id: UUID) -> Standing:
    counting.count(session, actor, holder_id)
    return counting.count(session, actor, holder_id, REVEAL)


def _clear(session: Session, point: ContactPoint, standing: Standing) -> Revealed:
    value = points.clear(session, point)
    scheme = "tel:" if point.kind in points.PHONES else "mailto:" if point.kind == "email" else ""
    return Revealed(
        points.shown(session, point), f"{scheme}{value}" if scheme else "", point.extension, point.mask,
        standing.used,
    )  # fmt: skip


def reveal_all(
    session: Session, actor: Actor, customers: Mapping[UUID, Customer], found: Sequence[ContactPoint]
) -> dict[UUID, str]:
    """Clear values of points of these customers by the points' keys, as many single reveals: counted and written down.

    Points of customers whose numbers the actor may not see are left out. Raises Forbidden, before anything is counted,
    where it would be more customers than the day allows: asking for a long list is no reason to freeze anybody.
    """
    allowed = rights.allowed_among(session, actor, ACTION, list(customers.values()))
    mine = [point for point in found if point.customer_id in allowed]
    keys = list(dict.fromkeys(point.customer_id for point in mine if point.customer_id is not None))
    for counter in (limits.OPEN, REVEAL):
        standing = limits.standing_of(session, actor.real.user_id, today(), counter)
        used = standing.used + len(counting.uncounted(session, actor, keys, counter))
        if used > standing.limit:
            raise Forbidden(
                _(
                    "That would be %(used)d customers whose numbers you see today; %(cap)d are allowed. Narrow the "
                    "list, or print it with masked numbers.",
                    used=used, cap=standing.limit,
                ),
                ask=Ask("caps.manage"),
            )  # fmt: skip
    for key in keys:
        counting.count(session, actor, key)
        counting.count(session, actor, key, REVEAL)
    for point in mine:
        assert point.customer_id is not None
        ref = EntityRef("customers", "point", point.id, f"{customers[point.customer_id].name} {point.mask}")
        audit.record(session, actor, ACTION, ref, customer_id=point.customer_id, after={point.kind: point.mask})
    return {point.id: points.shown(session, point) for point in mine}
