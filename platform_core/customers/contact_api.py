"""JSON: contacts, with a customer or standing alone."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar.params import Parameter
from msgspec import UNSET, UnsetType
from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.customers import contact_keeping, contacts, opening, outputs, queries, reveal
from platform_core.customers.forms import ContactInput, ContactPatch
from platform_core.customers.models import Contact
from platform_core.customers.outputs import ContactOut, RevealedOut
from platform_core.web import cursors
from platform_core.web.apis import Items
from platform_core.web.routing import delete, get, patch, post


class ContactChange(ContactPatch, kw_only=True, omit_defaults=True):
    """Only the given fields. `customer_id` attaches a contact that stood alone."""

    version: int | UnsetType = UNSET
    customer_id: UUID | UnsetType = UNSET


@get("/", permission="customers.view", name="customers:api_all_contacts")
def list_all(
    session: Session, actor: Actor, cursor: str = "", limit: Annotated[int, Parameter(ge=1, le=200)] = 50
) -> Items[ContactOut]:
    """Every contact the caller may see, newest first."""
    statement = select(Contact).where(Contact.deleted_at.is_(None)).order_by(Contact.id.desc()).limit(limit + 1)
    if cursor:
        statement = statement.where(Contact.id < cursors.decode(cursor, 1)[0])
    rows = session.scalars(statement).all()
    page = rows[:limit]
    points = queries.points_of_contacts(session, [row.id for row in page])
    audit.record(session, actor, "customers.contacts", ids=[row.id for row in page])
    following = cursors.encode([page[-1].id]) if len(rows) > limit else None
    return Items([outputs.contact(row, points[row.id]) for row in page], following)


@post("/", permission="customers.create", name="customers:api_create_contact", status_code=201)
def create(session: Session, actor: Actor, data: ContactInput) -> ContactOut:
    """A new contact, with a customer or standing alone."""
    return _out(session, contacts.create(session, actor, data))


@get("/{contact_id:uuid}", permission="customers.view", name="customers:api_contact")
def read(session: Session, actor: Actor, contact_id: UUID) -> ContactOut:
    """One contact with its masked numbers."""
    contact = queries.contact(session, contact_id)
    opening.opened(session, actor, contacts.ref(contact), contact.customer_id)
    return _out(session, contact)


@patch("/{contact_id:uuid}", permission="customers.edit", name="customers:api_update_contact")
def update(session: Session, actor: Actor, contact_id: UUID, data: ContactChange) -> ContactOut:
    """Change a contact; only the given fields."""
    known = queries.contact(session, contact_id)
    opening.opened(session, actor, contacts.ref(known), known.customer_id)
    version, customer_id = data.version, data.customer_id
    data.version = data.customer_id = UNSET
    contact = contacts.update(session, actor, contact_id, data, None if version is UNSET else version)
    if customer_id is not UNSET and customer_id != contact.customer_id:
        contacts.attach(session, actor, contact_id, customer_id)
    session.flush()  # the answer shows the new version
    return _out(session, contact)


@delete("/{contact_id:uuid}", permission="customers.edit", name="customers:api_delete_contact", status_code=204)
def remove(session: Session, actor: Actor, contact_id: UUID) -> None:
    """Put a contact into the bin; its history stays with the customer."""
    contacts.remove(session, actor, contact_id)


@post("/{contact_id:uuid}/restore", permission="customers.edit", name="customers:api_restore_contact", status_code=200)
def restore(session: Session, actor: Actor, contact_id: UUID) -> ContactOut:
    """Take a removed contact back with its numbers, while the bin keeps it."""
    contact = contact_keeping.restore(session, actor, contact_id)
    session.flush()  # the answer shows the new version
    return _out(session, contact)


@post(
    "/{contact_id:uuid}/points/{point_id:uuid}/reveal", permission=reveal.ACTION,
    name="customers:api_reveal_of_contact", opt={"unkept": True},
)  # fmt: skip
def reveal_point(session: Session, actor: Actor, contact_id: UUID, point_id: UUID) -> RevealedOut:
    """The clear value of a number of a contact that stands alone; audited, counted, and never stored."""
    return outputs.revealed(reveal.reveal_of_contact(session, actor, contact_id, point_id))


def _out(session: Session, contact: Contact) -> ContactOut:
    return outputs.contact(contact, queries.points_of_contacts(session, [contact.id])[contact.id])


HANDLERS = [list_all, create, read, update, remove, restore, reveal_point]
