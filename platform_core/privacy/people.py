"""Whom consent, restrictions and requests are about: a customer, or a contact that stands alone."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.customers import opening, queries, rights
from platform_core.customers.models import Contact, ContactPoint, Customer
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.privacy.models import PersonRequest

_ = translator("privacy")
Person = Customer | Contact


def contact(session: Session, contact_id: UUID) -> Contact:
    """One that stands alone; others have what they have with their customer. Raises NotFound."""
    found = queries.contact(session, contact_id)
    if found.customer_id is not None:
        raise NotFound(_("There is no such contact, or not for you."))
    return found


def of_request(session: Session, request: PersonRequest) -> Person | None:
    """None for nobody in the house, for who is erased by now, and for who is out of the actor's sight."""
    try:
        if request.customer_id is not None:
            return queries.get(session, request.customer_id)
        if request.contact_id is not None:
            found = queries.contact(session, request.contact_id)
            return found if found.customer_id is None else queries.get(session, found.customer_id)
    except NotFound:
        return None
    return None


def by_ids(session: Session, customer_id: UUID | None, contact_id: UUID | None) -> Person | None:
    """Whom a form or a program names. Raises NotFound."""
    if customer_id is not None:
        return queries.get(session, customer_id)
    return None if contact_id is None else contact(session, contact_id)


def ref(who: Person) -> EntityRef:
    return EntityRef("customers", "contact" if isinstance(who, Contact) else "customer", who.id, who.name)


def customer_id(who: Person) -> UUID | None:
    """Under which lines of the audit trail lie: those of a customer's contacts under the customer."""
    return who.customer_id if isinstance(who, Contact) else who.id


def url(who: Person) -> str:
    return f"/contacts/{who.id}/privacy" if isinstance(who, Contact) else f"/customers/{who.id}/privacy"


def may(session: Session, actor: Actor, permission: str, who: Person) -> bool:
    if isinstance(who, Contact):
        return rights.may_contact(session, actor, permission, who)
    return rights.may(session, actor, permission, who)


def require(session: Session, actor: Actor, permission: str, who: Person) -> None:
    """Raises Forbidden with a sentence that says whom to ask."""
    if isinstance(who, Contact):
        rights.require_contact(session, actor, permission, who)
    else:
        rights.require(session, actor, permission, who)


def opened(session: Session, actor: Actor, who: Person, action: str) -> None:
    """Written down; of a customer it is counted. Raises Frozen."""
    opening.opened(session, actor, ref(who), customer_id(who), action)


def contacts_of(session: Session, who: Person) -> Sequence[Contact]:
    return [who] if isinstance(who, Contact) else queries.contacts_of(session, who.id)


def one_of(session: Session, who: Person, contact_id: UUID) -> Contact:
    """A contact of the person. Raises NotFound."""
    found = next((item for item in contacts_of(session, who) if item.id == contact_id), None)
    if found is None:
        raise NotFound(_("There is no such contact, or not for you."))
    return found


def points_of(session: Session, who: Person) -> Sequence[ContactPoint]:
    if isinstance(who, Contact):
        return queries.points_of_contacts(session, [who.id])[who.id]
    return queries.points_of(session, who.id)


def point(session: Session, who: Person, point_id: UUID) -> ContactPoint:
    """Raises NotFound."""
    found = next((item for item in points_of(session, who) if item.id == point_id), None)
    if found is None:
        raise NotFound(_("There is no such number or address, or not for you."))
    return found
