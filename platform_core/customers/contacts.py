"""Verbs that change contacts and addresses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import delete
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.events import Event
from platform_core.contracts.identity import Actor
from platform_core.customers import contact_history, fields, points, queries, quietly, rights, search_rows
from platform_core.customers.forms import POINT_FIELDS, AddressInput, ContactInput, ContactPatch, given
from platform_core.customers.models import Address, Contact, ContactPoint, Customer
from platform_core.kernel.clock import now
from platform_core.kernel.database import vault_of
from platform_core.kernel.errors import Conflict, Forbidden
from platform_core.kernel.events import publish
from platform_core.kernel.i18n import translator
from platform_core.kernel.ids import new_id
from platform_core.kernel.searchtokens import sort_key

_ = translator("customers")


class Number(msgspec.Struct):
    """A number of a removed contact, until it comes back."""

    kind: str
    text: str
    extension: str
    is_primary: bool


def ref(contact: Contact) -> EntityRef:
    return EntityRef("customers", "contact", contact.id, contact.name)


def unsaved(actor: Actor, name: str, customer_id: UUID | None, **values: Any) -> Contact:
    """A new contact, not yet in the session."""
    return Contact(
        id=new_id(),
        customer_id=customer_id,
        owner_id=actor.user_id,
        department_id=actor.department_id,
        name=name,
        name_key=sort_key(name)[:120],
        **values,
    )


def create(session: Session, actor: Actor, data: ContactInput) -> Contact:
    """Add a contact to a customer, or one that stands alone. The first one of a customer is its main contact."""
    values = given(data)
    customer_id = values.pop("customer_id", None)
    if customer_id is not None:
        _may_change(session, actor, customer_id)
    elif not actor.can("customers.create"):
        raise Forbidden(_("You may not add contacts."), lacks="customers.create")
    texts = {name: values.pop(name) for name in POINT_FIELDS if name in values}
    fields.check(session, values)
    name, is_primary = values.pop("name"), values.pop("is_primary", False)
    others = queries.contacts_of(session, customer_id) if customer_id else []
    contact = unsaved(actor, name, customer_id, **values)
    session.add(contact)
    if customer_id and (is_primary or not others):
        _only_main(contact, others)
    session.flush()  # points refer to their contact, and nothing tells the session so
    points.change(session, [], texts, customer_id=customer_id, contact_id=contact.id)
    _refresh(session, customer_id)
    audit.record(
        session,
        actor,
        "customers.contact_create",
        ref(contact),
        customer_id=customer_id,
        after=_after(session, contact),
    )
    _publish(session, actor, contact)
    return contact


def update(session: Session, actor: Actor, contact_id: UUID, data: ContactPatch, version: int | None = None) -> Contact:
    """Change the given fields of a contact. Raises Conflict when `version` has passed."""
    contact = changeable(session, actor, contact_id)
    values = given(data)
    values.pop("customer_id", None)  # `attach` is the only way to another customer
    texts = {name: values.pop(name) for name in POINT_FIELDS if name in values}
    fields.check(session, {**{name: getattr(contact, name) for name in fields.BIRTH}, **values})
    becomes_main = values.pop("is_primary", False) and not contact.is_primary
    values = {name: value for name, value in values.items() if getattr(contact, name) != value}
    if version is not None and version != contact.version and values:
        raise Conflict(_("Somebody else has changed this contact in the meantime. Reload and try again."))
    before, after = audit.changes({name: getattr(contact, name) for name in values}, values)
    for name, value in values.items():
        setattr(contact, name, value)
    contact.name_key = sort_key(contact.name)[:120]
    if becomes_main and contact.customer_id:
        _only_main(contact, queries.contacts_of(session, contact.customer_id))
        after["is_primary"] = True
    held = queries.points_of_contacts(session, [contact.id])[contact.id]
    for kind in points.change(session, held, texts, customer_id=contact.customer_id, contact_id=contact.id):
        after[kind] = _main_mask(session, contact, kind)
    if after:
        _refresh(session, contact.customer_id)
        audit.record(
            session, actor, "customers.contact_update", ref(contact), customer_id=contact.customer_id, before=before,
            after=after,
        )  # fmt: skip
        _publish(session, actor, contact)
    return contact


def make_primary(session: Session, actor: Actor, contact_id: UUID) -> Contact:
    """Let this contact be the one that lists and calls use."""
    return update(session, actor, contact_id, ContactPatch(is_primary=True))


def remove(session: Session, actor: Actor, contact_id: UUID) -> Contact:
    """Put a contact into the bin with its numbers, which nothing finds there; the records that mention it stay."""
    contact = changeable(session, actor, contact_id)
    contact.deleted_at = now()
    contact.sealed = _sealed(session, queries.points_of_contacts(session, [contact_id])[contact_id])
    was_main, contact.is_primary = contact.is_primary, False
    session.execute(delete(ContactPoint).where(ContactPoint.contact_id == contact.id))
    if was_main and contact.customer_id:
        others = [other for other in queries.contacts_of(session, contact.customer_id) if other.id != contact.id]
        if others:
            others[0].is_primary = True
    settle(session, actor, contact)
    audit.record(session, actor, "customers.contact_delete", ref(contact), customer_id=contact.customer_id)
    return contact


def _sealed(session: Session, held: Sequence[ContactPoint]) -> bytes:
    numbers = [Number(point.kind, points.clear(session, point), point.extension, point.is_primary) for point in held]
    return vault_of(session).encrypt(msgspec.json.encode(numbers).decode())


def settle(session: Session, actor: Actor, contact: Contact) -> None:
    """What is kept along with its customer follows a contact that came or went."""
    _refresh(session, contact.customer_id)
    _publish(session, actor, contact)


def attach(session: Session, actor: Actor, contact_id: UUID, customer_id: UUID) -> Contact:
    """Give a contact that stood alone to a customer, with its numbers and what is held of it elsewhere."""
    contact = changeable(session, actor, contact_id)
    if contact.customer_id is not None:
        raise Conflict(_("This contact belongs to a customer already."))
    _may_change(session, actor, customer_id)
    others = queries.contacts_of(session, customer_id)
    held = queries.points_of_contacts(session, [contact.id])[contact.id]
    contact.customer_id = customer_id
    contact.is_primary = not others
    for point in held:
        point.customer_id = customer_id
    session.flush()  # what follows goes past the session
    contact_history.give(session, contact.id, customer_id)
    _refresh(session, customer_id)
    audit.record(session, actor, "customers.contact_attach", ref(contact), customer_id=customer_id)
    _publish(session, actor, contact)
    publish(session, Event("customers.contact_attached", ref(contact), customer_id, actor.user_id))
    return contact


def make_main(session: Session, actor: Actor, customer_id: UUID, name: str, others: Sequence[Contact]) -> Contact:
    """The contact of that name, new if need be, as the main one; for services that have checked everything."""
    contact = next((other for other in others if other.name == name), None)
    if contact is None:
        contact = unsaved(actor, name, customer_id)
        session.add(contact)
    _only_main(contact, others)
    session.flush()  # points that follow refer to the contact
    return contact


def remove_point(session: Session, actor: Actor, customer_id: UUID, point_id: UUID) -> ContactPoint:
    """Take a number or an account off a customer."""
    customer = _may_change(session, actor, customer_id)
    point = queries.point(session, customer_id, point_id)
    session.delete(point)
    session.flush()  # what lists show is read anew without it
    points.refresh(session, customer_id)
    search_rows.reindex(session, customer_id)
    where = EntityRef("customers", "customer", customer.id, customer.name)
    audit.record(
        session, actor, "customers.point_delete", where, customer_id=customer_id, before={point.kind: point.mask}
    )
    return point


def save_address(
    session: Session, actor: Actor, customer_id: UUID, data: AddressInput, address_id: UUID | None = None
) -> Address:
    """Add an address to a customer or change one."""
    customer = _may_change(session, actor, customer_id)
    if address_id is None:
        address = Address(id=new_id(), customer_id=customer_id)
        session.add(address)
        old: dict[str, Any] = {}
    else:
        address = queries.address(session, customer_id, address_id)
        old = {name: getattr(address, name) for name in data.__struct_fields__}
    if data.is_primary:
        for other in queries.addresses_of(session, customer_id):
            other.is_primary = False
    new = given(data)
    for name, value in new.items():
        setattr(address, name, value)
    before, after = audit.changes(old, new)
    quietly.write(session, customer_id)
    where = EntityRef("customers", "customer", customer.id, customer.name)
    audit.record(session, actor, "customers.address", where, customer_id=customer_id, before=before, after=after)
    return address


def remove_address(session: Session, actor: Actor, customer_id: UUID, address_id: UUID) -> None:
    customer = _may_change(session, actor, customer_id)
    address = queries.address(session, customer_id, address_id)
    session.delete(address)
    quietly.write(session, customer_id)
    before = {"city": address.city, "street": address.street}
    where = EntityRef("customers", "customer", customer.id, customer.name)
    audit.record(session, actor, "customers.address", where, customer_id=customer_id, before=before)


def _may_change(session: Session, actor: Actor, customer_id: UUID) -> Customer:
    customer = queries.get(session, customer_id)
    rights.require(session, actor, "customers.edit", customer)
    return customer


def changeable(session: Session, actor: Actor, contact_id: UUID) -> Contact:
    """Raises NotFound for one the actor may not see, Forbidden for one they may only look at."""
    contact = queries.contact(session, contact_id)
    if contact.customer_id is not None:
        _may_change(session, actor, contact.customer_id)
    else:
        rights.require_contact(session, actor, "customers.edit", contact)
    return contact


def _only_main(contact: Contact, others: Sequence[Contact]) -> None:
    for other in others:
        other.is_primary = False
    contact.is_primary = True


def _refresh(session: Session, customer_id: UUID | None) -> None:
    if customer_id is not None:
        session.flush()  # what lists show is read anew from what was just written
        points.refresh(session, customer_id)
        search_rows.reindex(session, customer_id)


def _after(session: Session, contact: Contact) -> dict[str, Any]:
    held = queries.points_of_contacts(session, [contact.id])[contact.id]
    born = {name: value for name in fields.BIRTH if (value := getattr(contact, name))}
    return {"name": contact.name, "title": contact.title, **born, **{point.kind: point.mask for point in held}}


def _main_mask(session: Session, contact: Contact, kind: str) -> str:
    held = queries.points_of_contacts(session, [contact.id])[contact.id]
    kinds = points.PHONES if kind == "phone" else (kind,)
    return next((point.mask for point in held if point.kind in kinds), "")


def _publish(session: Session, actor: Actor, contact: Contact) -> None:
    if contact.customer_id is not None:
        publish(session, Event("customers.contacts_changed", ref(contact), contact.customer_id, actor.user_id))
