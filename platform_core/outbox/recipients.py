"""Whom a message can reach, and whose number an answer came from."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from platform_core.contracts.messaging import Heard, Inbound
from platform_core.customers import queries
from platform_core.customers.models import ContactPoint, Customer
from platform_core.customers.points import lookup
from platform_core.kernel import phones
from platform_core.kernel.clock import now
from platform_core.kernel.database import vault_of
from platform_core.kernel.idlists import among
from platform_core.kernel.scope import proven
from platform_core.outbox.models import Exclusion, Message
from platform_core.privacy.allowed import POINT_KINDS, Recipient, Verdict, allowed_among
from platform_core.privacy.consent import opt_out


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
    return [
        Reach(
            point.id,
            point.mask,
            names.get(point.contact_id, "") if point.contact_id else "",
            point.contact_id,
            point.full_hash,
        )
        for point in queries.points_of(session, customer_id)
        if point.kind in POINT_KINDS.get(channel, ()) and (point.contact_id is None or point.contact_id in names)
    ]


def verdict_on(session: Session, customer_id: UUID, reach: Reach, channel: str, purpose: str) -> Verdict:
    """As the claim will ask."""
    recipient = Recipient(customer_id, reach.contact_id, reach.point_hash)
    return allowed_among(session, [recipient], channel, purpose)[0]


def excluded(session: Session, customer_ids: Iterable[UUID]) -> set[tuple[UUID, str]]:
    """(customer, occasion) of those who are to be left alone now; "" is on all. Why stays with the row."""
    statement = select(Exclusion.customer_id, Exclusion.occasion).where(
        among(Exclusion.customer_id, customer_ids), or_(Exclusion.until.is_(None), Exclusion.until > now())
    )
    proof = proven("yes or no about customers whose ids the sender holds; every exclusion counts")
    return {(key, occasion) for key, occasion in session.execute(statement, execution_options=proof)}


def exclusion(customer_id: Any) -> ColumnElement[bool]:
    """SQL: as `excluded` says of this column, on all occasions."""
    until = or_(Exclusion.until.is_(None), Exclusion.until > now())
    return exists().where(Exclusion.customer_id == customer_id, Exclusion.occasion == "", until)


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
    if last is not None and last[0] is not None:
        return last[0], last[1], last[2]
    holder = session.execute(
        select(ContactPoint.customer_id, ContactPoint.contact_id)
        .join(Customer, Customer.id == ContactPoint.customer_id)
        .where(ContactPoint.full_hash == found, Customer.deleted_at.is_(None))
        .order_by(ContactPoint.is_primary.desc(), ContactPoint.created_at)
        .limit(1)
    ).one_or_none()
    return (holder[0], holder[1], None) if holder else (None, None, None)
