"""Reading customers and what belongs to them, within the actor's scope."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers.models import Address, Attachment, Contact, ContactPoint, Customer, CustomerTag, Tag
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.idlists import among
from platform_core.kernel.scope import AnySelect, prepared, proven

_ = translator("customers")
_PROOF = proven("whether rows that were read for the actor are restricted")


def get(session: Session, customer_id: UUID, *, lock: bool = False) -> Customer:
    """Raises NotFound when there is none or none for this actor. `lock`: as it is now, until the caller has done."""
    statement = select(Customer).where(Customer.id == customer_id, Customer.deleted_at.is_(None))
    if lock:
        statement = statement.with_for_update(of=Customer).execution_options(populate_existing=True)
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise NotFound(_("There is no such customer, or not for you."))
    return found


def contact(session: Session, contact_id: UUID) -> Contact:
    """Raises NotFound when there is none or none for this actor."""
    found = session.scalars(select(Contact).where(Contact.id == contact_id, Contact.deleted_at.is_(None))).one_or_none()
    if found is None:
        raise NotFound(_("There is no such contact, or not for you."))
    return found


def restricted(session: Session, model: type[Customer | Contact], ids: Collection[UUID]) -> set[UUID]:
    """Those among them whose record is restricted: they do not leave the house, and nothing of them is changed.

    `ids` are of rows that were read already. Past the policies, to which what lies in the pool or in a bin is nobody's.
    """
    held = select(model.id).where(among(model.id, ids), model.restricted_at.is_not(None))
    return set(session.scalars(held, execution_options=_PROOF)) if ids else set()


def point(session: Session, customer_id: UUID, point_id: UUID) -> ContactPoint:
    """A contact point of a customer or of one of its contacts. Raises NotFound."""
    found = session.scalars(
        select(ContactPoint).where(ContactPoint.id == point_id, ContactPoint.customer_id == customer_id)
    ).one_or_none()
    if found is None:
        raise no_such_point()
    return found


def no_such_point() -> NotFound:
    return NotFound(_("There is no such number or address, or not for you."))


@prepared
def _contacts_of(reader: Actor) -> AnySelect:
    return (
        select(Contact)
        .where(Contact.customer_id == bindparam("customer_id"), Contact.deleted_at.is_(None))
        .order_by(Contact.is_primary.desc(), Contact.created_at, Contact.id)
    )


def contacts_of(session: Session, customer_id: UUID) -> Sequence[Contact]:
    """The main contact first, then in the order they were added."""
    return session.scalars(_contacts_of(session), {"customer_id": customer_id}).all()


def points_of(session: Session, customer_id: UUID) -> Sequence[ContactPoint]:
    """Points of the customer and of all its contacts, the main ones first."""
    return session.scalars(
        select(ContactPoint)
        .where(ContactPoint.customer_id == customer_id)
        .order_by(ContactPoint.is_primary.desc(), ContactPoint.created_at, ContactPoint.id)
    ).all()


def points_of_contacts(session: Session, contact_ids: Sequence[UUID]) -> dict[UUID, list[ContactPoint]]:
    """Contact id -> its points, the main ones first."""
    found: dict[UUID, list[ContactPoint]] = {contact_id: [] for contact_id in contact_ids}
    if not found:
        return found
    statement = (
        select(ContactPoint)
        .where(ContactPoint.contact_id.in_(found))
        .order_by(ContactPoint.is_primary.desc(), ContactPoint.created_at, ContactPoint.id)
    )
    for row in session.scalars(statement):
        if row.contact_id is not None:
            found[row.contact_id].append(row)
    return found


def addresses_of(session: Session, customer_id: UUID) -> Sequence[Address]:
    return session.scalars(
        select(Address).where(Address.customer_id == customer_id).order_by(Address.is_primary.desc(), Address.id)
    ).all()


def address(session: Session, customer_id: UUID, address_id: UUID) -> Address:
    """Raises NotFound when there is none or none for this actor."""
    found = session.scalars(
        select(Address).where(Address.id == address_id, Address.customer_id == customer_id)
    ).one_or_none()
    if found is None:
        raise NotFound(_("There is no such address, or not for you."))
    return found


def tags_of(session: Session, customer_id: UUID) -> Sequence[Tag]:
    return session.scalars(
        select(Tag)
        .join(CustomerTag, CustomerTag.tag_id == Tag.id)
        .where(CustomerTag.customer_id == customer_id)
        .order_by(Tag.name)
    ).all()


def all_tags(session: Session) -> Sequence[Tag]:
    return session.scalars(select(Tag).order_by(Tag.name).limit(200)).all()


def attachment(session: Session, customer_id: UUID, attachment_id: UUID) -> Attachment:
    """Raises NotFound when there is none or none for this actor."""
    found = session.scalars(
        select(Attachment).where(Attachment.id == attachment_id, Attachment.customer_id == customer_id)
    ).one_or_none()
    if found is None:
        raise NotFound(_("There is no such file, or not for you."))
    return found
