"""Whom labels, letters, address lists and phone lists are about: customers with their address, contact and numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import reveal
from platform_core.customers.models import Address, Contact, ContactPoint, Customer
from platform_core.exports.sources import Table
from platform_core.kernel import dictionaries
from platform_core.kernel.i18n import translator
from platform_core.kernel.idlists import among

_ = translator("exports")
_CALLABLE = ("mobile", "phone")
_HAN = range(0x3400, 0xA000)


@dataclass(frozen=True, slots=True)
class Addressee:
    """`contact` is the main one, and empty where there is none."""

    customer_id: UUID
    code: str
    customer: str
    contact: str
    title: str
    division: str
    gender: str
    postcode: str
    address: str
    city: str


def find(session: Session, ids: Sequence[UUID]) -> list[Addressee]:
    """In the order of `ids`; of those that the session's actor sees."""
    customers = {row.id: row for row in session.scalars(select(Customer).where(among(Customer.id, ids)))}
    contacts = main_contacts(session, ids)
    addresses: dict[UUID, Address] = {}
    theirs = select(Address).where(among(Address.customer_id, ids))
    for place in session.scalars(theirs.order_by(Address.is_primary.desc(), Address.id)):
        addresses.setdefault(place.customer_id, place)
    regions = dictionaries.entries(session, "customers.region").keys()
    return [
        _addressee(customers[key], contacts.get(key), addresses.get(key), regions) for key in ids if key in customers
    ]  # fmt: skip


def main_contacts(session: Session, ids: Sequence[UUID]) -> dict[UUID | None, Contact]:
    found: dict[UUID | None, Contact] = {}
    theirs = select(Contact).where(among(Contact.customer_id, ids))
    for contact in session.scalars(theirs.order_by(Contact.is_primary.desc(), Contact.id)):
        found.setdefault(contact.customer_id, contact)
    return found


def address_list(session: Session, ids: Sequence[UUID]) -> Table:
    titles = [_("Post code"), _("Address"), _("Customer"), _("Contact's department"), _("Contact")]
    rows = [
        [item.postcode, item.address, item.customer, item.division, f"{item.contact} {item.title}".strip()]
        for item in find(session, ids)
    ]
    return Table(titles, rows, ids)


def phone_list(session: Session, actor: Actor, ids: Sequence[UUID], *, clear: bool) -> Table:
    """A row for each number. With `clear` the numbers are revealed: see reveal.reveal_all, which may refuse."""
    customers = {row.id: row for row in session.scalars(select(Customer).where(among(Customer.id, ids)))}
    contacts = {row.id: row for row in session.scalars(select(Contact).where(among(Contact.customer_id, ids)))}
    points = _numbers(session, ids, contacts)
    shown = reveal.reveal_all(session, actor, customers, points) if clear else {}
    by_customer: dict[UUID | None, list[ContactPoint]] = {}
    for point in points:
        by_customer.setdefault(point.customer_id, []).append(point)
    rows: list[list[Any]] = []
    for key in ids:
        for point in by_customer.get(key, ()):
            contact = contacts.get(point.contact_id) if point.contact_id else None
            number = " ".join(part for part in (shown.get(point.id, point.mask), point.extension) if part)
            who = f"{contact.name} {contact.title}".strip() if contact else ""
            rows.append([customers[key].name, who, contact.division if contact else "", number])
    titles = [_("Customer"), _("Contact"), _("Contact's department"), _("Number")]
    return Table(titles, rows, ids)


def _numbers(session: Session, ids: Sequence[UUID], contacts: Iterable[UUID]) -> list[ContactPoint]:
    """Those of the customers themselves first, then of their contacts; none of contacts in the bin."""
    known = {None, *contacts}
    theirs = select(ContactPoint).where(among(ContactPoint.customer_id, ids), ContactPoint.kind.in_(_CALLABLE))
    found = session.scalars(theirs.order_by(ContactPoint.is_primary.desc(), ContactPoint.id))
    return [point for point in found if point.contact_id in known]


def _addressee(
    customer: Customer, contact: Contact | None, place: Address | None, regions: Collection[str]
) -> Addressee:
    is_person = contact is None and customer.kind == "person"
    return Addressee(
        customer_id=customer.id,
        code=customer.code,
        customer=customer.name,
        contact=customer.name if is_person else contact.name if contact else "",
        title=customer.position if is_person else contact.title if contact else "",
        division=contact.division if contact else "",
        gender=customer.gender if is_person else contact.gender if contact else "",
        postcode=place.postcode if place else "",
        address=_line(place, regions) if place else "",
        city=(place.city if place else "") or customer.city,
    )


def _line(place: Address, regions: Collection[str]) -> str:
    """In the order of the script it is written in: from the province down to the door in Chinese, else the reverse.

    Regions of the dictionary are where the house sells, which is nothing that the post knows.
    """
    parts = [place.street, place.city, "" if place.region in regions else place.region]
    if any(ord(char) in _HAN for char in "".join(parts)):
        line = ""
        for part in parts:
            line = line if line.startswith(part) else part + line
        return line
    return ", ".join(dict.fromkeys(part for part in parts if part))
