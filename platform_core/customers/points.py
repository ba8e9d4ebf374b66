"""Contact points: phone numbers, mail addresses and accounts, encrypted, with masks to show and hashes to find them.

Stored is E.164 for phones and the address or account as typed for the rest; lookups are over lower case.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.customers.models import Contact, ContactPoint, Customer
from platform_core.customers.quietly import write
from platform_core.kernel import phones
from platform_core.kernel.database import vault_of
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.kernel.ids import new_id
from platform_core.kernel.secrets import Vault

_ = translator("customers")
PHONES = ("mobile", "phone", "fax")
_CALLABLE = ("mobile", "phone")
KINDS = (*PHONES, "email", "wechat", "qq")
_MAIL = re.compile(r"[^\s@,;<>\"']+@[^\s@,;<>\"']+\.[a-zA-Z]{2,}")
_ACCOUNT = re.compile(r"[^\s*]{2,60}")


def bulk_values(vault: Vault, kind: str, text: str) -> dict[str, Any]:
    """Column values of one contact point, without its holder: for import and demo data.

    `kind` `mobile` or `phone` follows the number. Raises Invalid when `text` is no such thing.
    """
    if kind not in KINDS:
        raise Invalid(_("Unknown kind of contact point: %(kind)s", kind=kind))
    return _phone(vault, kind, text) if kind in PHONES else _account(vault, kind, text.strip())


def account(vault: Vault, kind: str, text: str) -> int | None:
    """The hash under which a mail address or an account name is found; None where `text` is no such thing."""
    text = text.strip()
    return vault.lookup("point", text.lower()) if _is_account(kind, text) else None


def lookup(vault: Vault, kind: str, text: str) -> int | None:
    """The hash under which exactly this number, address or account is found; None when it is no such thing."""
    if kind in PHONES:
        number = phones.normalise(text)
        return vault.lookup("point", number.e164) if number else None
    return vault.lookup("point", text.strip().lower())


def add(
    session: Session, *, customer_id: UUID | None = None, contact_id: UUID | None = None, kind: str, text: str
) -> ContactPoint:
    """Attach a point to a customer, or to a contact and with it to the contact's customer.

    A point that its holder has already is returned as it is. Raises Invalid.
    """
    values = bulk_values(vault_of(session), kind, text)
    if contact_id is not None and customer_id is None:
        customer_id = session.scalar(select(Contact.customer_id).where(Contact.id == contact_id))
    held = session.scalars(
        select(ContactPoint).where(
            ContactPoint.full_hash == values["full_hash"],
            ContactPoint.contact_id == contact_id
            if contact_id is not None
            else (ContactPoint.customer_id == customer_id) & ContactPoint.contact_id.is_(None),
        )
    ).first()
    if held is not None:
        return held
    made = ContactPoint(id=new_id(), customer_id=customer_id, contact_id=contact_id, **values)
    session.add(made)
    return made


def made_of(vault: Vault, given: dict[str, str], **holder: UUID | None) -> list[ContactPoint]:
    """Unsaved points of a new holder from the fields phone, email and wechat. Raises Invalid at the field."""
    made: dict[int, ContactPoint] = {}
    for kind, text in given.items():
        for part in split(kind, text):
            values = at_field(kind, vault, part)
            made.setdefault(values["full_hash"], ContactPoint(id=new_id(), **holder, **values))
    return list(made.values())


def split(kind: str, text: str) -> list[str]:
    """The single numbers or addresses of a field."""
    if kind in PHONES:
        return phones.split_many(text)
    return [text.strip()] if text.strip() else []


def at_field(kind: str, vault: Vault, text: str) -> dict[str, Any]:
    """As `bulk_values`, with the refusal at the form's field."""
    try:
        return bulk_values(vault, kind, text)
    except Invalid as error:
        raise Invalid(error.message, fields={kind: error.message}) from error


def change(
    session: Session, held: Sequence[ContactPoint], given: dict[str, str], *, customer_id: UUID | None,
    contact_id: UUID | None = None,
) -> list[str]:  # fmt: skip
    """Add what a form says in phone, email and wechat to `held` and make it the main one. Returns the changed fields.

    What equals the mask of a point that is held, or is blank, changes nothing: a mask is never written back.
    """
    vault = vault_of(session)
    changed: list[str] = []
    for kind, text in given.items():
        kinds = _CALLABLE if kind == "phone" else (kind,)
        same_kind = [point for point in held if point.kind in kinds]
        masks = {point.mask for point in same_kind}
        for place, part in enumerate(part for part in split(kind, text) if part not in masks):
            values = at_field(kind, vault, part)
            known = next((point for point in same_kind if point.full_hash == values["full_hash"]), None)
            if known is None:
                known = ContactPoint(id=new_id(), customer_id=customer_id, contact_id=contact_id, **values)
                session.add(known)
                changed.append(kind)
            if place == 0 and not known.is_primary:
                for other in same_kind:
                    other.is_primary = False
                known.is_primary = True
                changed.append(kind)
    return list(dict.fromkeys(changed))


def refresh(session: Session, customer_id: UUID) -> None:
    """Write anew what lists show of a customer: main contact, masked main number."""
    contact = session.scalars(
        select(Contact)
        .where(Contact.customer_id == customer_id, Contact.deleted_at.is_(None))
        .order_by(Contact.is_primary.desc(), Contact.created_at, Contact.id)
        .limit(1)
    ).first()
    points = session.scalars(select(ContactPoint).where(ContactPoint.customer_id == customer_id)).all()
    main = main_phone(points, contact.id if contact else None)
    write(
        session,
        customer_id,
        contact_name=contact.name if contact else "",
        phone_mask=main.mask if main else "",
        phone_point_id=main.id if main else None,
    )


def main_phone(points: Sequence[ContactPoint], main_contact_id: UUID | None) -> ContactPoint | None:
    """The number to call: one marked as main, of the main contact or the customer, mobiles first."""

    def rank(point: ContactPoint) -> tuple[bool, bool, bool, bytes]:
        elsewhere = point.contact_id not in (None, main_contact_id)
        return elsewhere, not point.is_primary, point.kind != "mobile", point.id.bytes

    return min((point for point in points if point.kind in _CALLABLE), key=rank, default=None)


def _phone(vault: Vault, kind: str, text: str) -> dict[str, Any]:
    number = phones.normalise(text)
    if number is None:
        raise Invalid(_("This is no complete phone number. Write the area code as well."))
    if kind != "fax":
        kind = "mobile" if number.kind == "mobile" else "phone"
    return {
        "kind": kind,
        "cipher": vault.encrypt(number.e164),
        "mask": phones.mask(number.e164),
        "extension": number.extension or "",
        "full_hash": vault.lookup("point", number.e164),
        "last8_hash": vault.lookup("last8", phones.last8(number.e164)),
        "last4_hash": vault.lookup("last4", phones.last4(number.e164)),
    }


def _account(vault: Vault, kind: str, text: str) -> dict[str, Any]:
    if not _is_account(kind, text):
        raise Invalid(_("This is no mail address.") if kind == "email" else _("This is no account name."))
    return {
        "kind": kind,
        "cipher": vault.encrypt(text),
        "mask": phones.mask_mail(text) if kind == "email" else mask_account(text),
        "extension": "",
        "full_hash": vault.lookup("point", text.lower()),
        "last8_hash": None,
        "last4_hash": None,
    }


def is_mail(text: str) -> bool:
    return len(text) <= 120 and _MAIL.fullmatch(text) is not None


def _is_account(kind: str, text: str) -> bool:
    if kind == "email":
        return is_mail(text)
    return _ACCOUNT.fullmatch(text) is not None


def mask_account(text: str) -> str:
    return f"{text[:2]}***{text[-1] if len(text) > 4 else ''}"


def shown(session: Session, point: ContactPoint) -> str:
    """The clear value as people write it. Callers audit first."""
    value = vault_of(session).decrypt(point.cipher)
    return phones.display(value) if point.kind in PHONES else value


def clear(session: Session, point: ContactPoint) -> str:
    """The clear value as it is stored. Callers audit first."""
    return vault_of(session).decrypt(point.cipher)


def summarise(customer: Customer, points: Sequence[ContactPoint], contact: Contact | None) -> None:
    """Set what lists show on a customer that is not saved yet."""
    main = main_phone(points, contact.id if contact else None)
    customer.contact_name = contact.name if contact else ""
    customer.phone_mask = main.mask if main else ""
    customer.phone_point_id = main.id if main else None
