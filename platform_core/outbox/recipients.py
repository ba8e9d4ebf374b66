"""Whom a message can reach, and whose number an answer came from."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from platform_core.contracts.messaging import Heard, Inbound
from platform_core.customers import queries
from platform_core.customers.models import Contact, ContactPoint, Customer
from platform_core.customers.points import lookup
from platform_core.kernel import phones
from platform_core.kernel.clock import local, now
from platform_core.kernel.database import vault_of
from platform_core.kernel.idlists import among
from platform_core.kernel.scope import proven
from platform_core.outbox.models import Exclusion, Message
from platform_core.privacy.allowed import POINT_KINDS, Recipient, Verdict, allowed_among
from platform_core.privacy.consent import opt_out

_WHOM = func.coalesce(Exclusion.contact_id, Exclusion.customer_id)


@dataclass(frozen=True, slots=True)
class Reach:
    """A number or address of a customer that a channel reaches; `contact` is "" for the customer's own."""

    point_id: UUID
    mask: str
    contact: str
    contact_id: UUID | None
    point_hash: int


def reaches(session: Session, customer_id: UUID, channel: str) -> list[Reach]:
    """Main ones first."""
    names = {contact.id: contact.name for contact in queries.contacts_of(session, customer_id)}
    return _reached(queries.points_of(session, customer_id), names, channel)


def reaches_alone(session: Session, contact: Contact, channel: str) -> list[Reach]:
    """The same of a contact that stands alone."""
    held = queries.points_of_contacts(session, [contact.id])[contact.id]
    return _reached(held, {contact.id: contact.name}, channel)


def _reached(points: Iterable[ContactPoint], names: Mapping[UUID, str], channel: str) -> list[Reach]:
    return [
        Reach(
            point.id,
            point.mask,
            names.get(point.contact_id, "") if point.contact_id else "",
            point.contact_id,
            point.full_hash,
        )
        for point in points
        if point.kind in POINT_KINDS.get(channel, ()) and (point.contact_id is None or point.contact_id in names)
    ]


def verdict_on(session: Session, customer_id: UUID | None, reach: Reach, channel: str, purpose: str) -> Verdict:
    """As the claim will ask."""
    recipient = Recipient(customer_id, reach.contact_id, reach.point_hash)
    return allowed_among(session, [recipient], channel, purpose)[0]


def excluded(session: Session, people: Iterable[UUID | None]) -> set[tuple[UUID, str]]:
    """(customer or contact, occasion) of those who are to be left alone now; "" is on all. Why stays with the row.

    `people`: ids of customers and of contacts. Whoever writes to a contact asks about its customer as well.
    """
    ids = {key for key in people if key is not None}
    if not ids:
        return set()
    statement = select(_WHOM, Exclusion.occasion).where(_of(ids), _holds())
    proof = proven("yes or no about persons whose ids the sender holds; every exclusion counts")
    return {(key, occasion) for key, occasion in session.execute(statement, execution_options=proof)}


def exclusion(customer_id: Any, contact_id: Any) -> ColumnElement[bool]:
    """SQL: as `excluded` says of the persons in these columns, on all occasions."""
    columns = ((Exclusion.customer_id, customer_id), (Exclusion.contact_id, contact_id))
    return or_(*(exists().where(column == key, Exclusion.occasion == "", _holds()) for column, key in columns))


def left_alone(session: Session, people: Iterable[UUID]) -> list[tuple[UUID, str, date | None]]:
    """(customer or contact, occasion, until) of what holds now, for pages: within what their reader sees."""
    statement = select(_WHOM, Exclusion.occasion, Exclusion.until).where(_of(set(people)), _holds())
    rows = session.execute(statement.order_by(Exclusion.contact_id, Exclusion.occasion))
    return [(key, occasion, local(until).date() if until else None) for key, occasion, until in rows]


def _of(ids: Collection[UUID]) -> ColumnElement[bool]:
    return or_(among(Exclusion.customer_id, ids), among(Exclusion.contact_id, ids))


def _holds() -> ColumnElement[bool]:
    return or_(Exclusion.until.is_(None), Exclusion.until > now())


def hear(session: Session, channel: str, message: Inbound, words: Collection[str]) -> Heard:
    """Whose answer it is. An opt-out counts from this transaction on, whoever takes the answer."""
    opted_out = _plain(message.text) in {_plain(word) for word in words}
    if opted_out:
        opt_out(session, channel, message.address, note=message.key)
    found = lookup(vault_of(session), POINT_KINDS[channel][0], message.address)
    number = phones.normalise(message.address)
    mask = phones.mask(number.e164) if number else phones.mask_mail(message.address)
    customer_id, contact_id, answers_id = _owner(session, found)
    return Heard(message.key, message.text, message.at, mask, customer_id, contact_id, answers_id, opted_out)


def _plain(text: str) -> str:
    """Full-width letters and spaces around do not make another word."""
    return unicodedata.normalize("NFKC", text).strip().upper()


def _owner(session: Session, found: int | None) -> tuple[UUID | None, UUID | None, UUID | None]:
    """(customer, contact, message it answers): of the last message to this number, else whoever has the number."""
    if found is None:
        return None, None, None
    last = session.execute(
        select(Message.customer_id, Message.contact_id, Message.id)
        .where(Message.address_hash == found, Message.sent_at.is_not(None))
        .order_by(Message.sent_at.desc())
        .limit(1)
    ).one_or_none()
    if last is not None and (last[0] or last[1]):
        return last[0], last[1], last[2]
    holder = session.execute(
        select(ContactPoint.customer_id, ContactPoint.contact_id)
        .outerjoin(Customer, Customer.id == ContactPoint.customer_id)
        .where(ContactPoint.full_hash == found, Customer.deleted_at.is_(None))
        .order_by(ContactPoint.customer_id.is_(None), ContactPoint.is_primary.desc(), ContactPoint.created_at)
        .limit(1)
    ).one_or_none()
    return (holder[0], holder[1], None) if holder else (None, None, None)
