"""The way back for a contact that was removed: its numbers lie encrypted in its row, where nothing finds them."""

from __future__ import annotations

from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.customers import contacts, points, queries, rights
from platform_core.customers.models import Contact, ContactPoint
from platform_core.kernel.database import vault_of
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.ids import new_id
from platform_core.kernel.scope import proven

_ = translator("customers")
_PROOF = proven("removed contacts are behind the policy; the right to change it is checked below")


def restore(session: Session, actor: Actor, contact_id: UUID) -> Contact:
    """Take a contact back with its numbers. Raises NotFound, also once its days in the bin are over."""
    contact = session.scalars(
        select(Contact)
        .where(Contact.id == contact_id, Contact.deleted_at.is_not(None), Contact.sealed.is_not(None))
        .with_for_update(of=Contact),
        execution_options=_PROOF,
    ).one_or_none()
    if contact is None or not rights.may_contact(session, actor, "customers.edit", contact):
        raise NotFound(_("There is no such contact in the bin, or not for you."))
    others = queries.contacts_of(session, contact.customer_id) if contact.customer_id else []
    session.add_all(_numbers(session, contact))
    contact.deleted_at = contact.sealed = None
    contact.is_primary = bool(contact.customer_id) and not others
    contacts.settle(session, actor, contact)
    audit.record(session, actor, "customers.contact_restore", contacts.ref(contact), customer_id=contact.customer_id)
    return contact


def _numbers(session: Session, contact: Contact) -> list[ContactPoint]:
    assert contact.sealed is not None
    vault = vault_of(session)
    kept = msgspec.json.decode(vault.decrypt(contact.sealed), type=list[contacts.Number])
    return [
        ContactPoint(
            id=new_id(),
            customer_id=contact.customer_id,
            contact_id=contact.id,
            is_primary=number.is_primary,
            **{**points.bulk_values(vault, number.kind, number.text), "extension": number.extension},
        )
        for number in kept
    ]
