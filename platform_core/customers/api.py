"""JSON: single customers, their contacts and numbers. The list and the search are in `list_routes`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request
from msgspec import UNSET, Struct, UnsetType
from sqlalchemy.orm import Session

from platform_core.caps import counting
from platform_core.contracts.identity import Actor
from platform_core.customers import address_api, contacts, merging, opening, outputs, queries, reveal, services, tags
from platform_core.customers.forms import ContactInput, CustomerInput, CustomerPatch, DuplicateQuery
from platform_core.customers.outputs import ContactOut, CustomerOut, DuplicateOut, RevealedOut
from platform_core.kernel.errors import NotFound
from platform_core.web.apis import Items
from platform_core.web.routing import delete, get, patch, post, put


class CustomerChange(CustomerPatch, kw_only=True, omit_defaults=True):
    """Only the given fields. With `version`, a change that others have overtaken is refused with 409."""

    version: int | UnsetType = UNSET


class TagsInput(Struct):
    """All tags of a customer."""

    tags: list[str]


@post("/", permission="customers.create", name="customers:api_create", status_code=201)
def create(session: Session, actor: Actor, data: CustomerInput) -> CustomerOut:
    """A new customer, owned by the caller."""
    if data.custom is UNSET:
        data.custom = {}
    customer = services.create(session, actor, data)
    session.flush()  # the answer shows what the database filled in
    return outputs.customer(session, customer, [])


@get("/{customer_id:uuid}", permission="customers.view", name="customers:api_get")
def read(session: Session, actor: Actor, customer_id: UUID) -> CustomerOut:
    """One customer with its tags. Under the id of a merged record comes the one it has become part of."""
    try:
        customer = queries.get(session, customer_id)
    except NotFound:
        customer = queries.get(session, merging.successor(session, customer_id))
    opening.opened(session, actor, services.ref(customer), customer.id)
    return outputs.customer(session, customer, [tag.name for tag in queries.tags_of(session, customer.id)])


@patch("/{customer_id:uuid}", permission="customers.edit", name="customers:api_update")
def update(session: Session, actor: Actor, customer_id: UUID, data: CustomerChange) -> CustomerOut:
    """Change a customer; only the given fields."""
    version = None if data.version is UNSET else data.version
    data.version = UNSET
    customer = services.update(session, actor, customer_id, data, version)
    counting.count(session, actor, customer_id)  # the answer shows the record, also where nothing was to change
    session.flush()  # the answer shows the new version
    return outputs.customer(session, customer, [tag.name for tag in queries.tags_of(session, customer_id)])


@delete("/{customer_id:uuid}", permission="customers.delete", name="customers:api_delete", status_code=204)
def remove(session: Session, actor: Actor, customer_id: UUID) -> None:
    """Move a customer into the bin."""
    services.move_to_bin(session, actor, customer_id)


@post("/{customer_id:uuid}/restore", permission="customers.delete", name="customers:api_restore")
def restore(session: Session, actor: Actor, customer_id: UUID) -> CustomerOut:
    """Take a customer out of the bin."""
    customer = services.restore(session, actor, customer_id)
    session.flush()  # the answer shows the new version
    return outputs.customer(session, customer)


@put("/{customer_id:uuid}/tags", permission="customers.edit", name="customers:api_tags")
def set_tags(session: Session, actor: Actor, customer_id: UUID, data: TagsInput) -> TagsInput:
    """Let exactly these tags be on the customer; tags that nobody used before are made."""
    return TagsInput(tags=sorted(tag.name for tag in tags.assign(session, actor, customer_id, data.tags)))


@post("/duplicates", permission="customers.create", name="customers:api_duplicates", opt={"unkept": True})
def look_for_duplicates(session: Session, actor: Actor, data: DuplicateQuery) -> Items[DuplicateOut]:
    """Customers of the house that have this name, number or mail address already, seen by the caller or not.

    Names that only sound the same are told of customers that the caller sees.
    """
    found = services.possible_duplicates(session, actor, data)
    return Items([outputs.duplicate(item) for item in found])


@get("/{customer_id:uuid}/contacts", permission="customers.view", name="customers:api_contacts")
def list_contacts(session: Session, actor: Actor, customer_id: UUID) -> Items[ContactOut]:
    """All contacts of a customer, the main one first; a customer has few, so there is one page."""
    customer = queries.get(session, customer_id)
    opening.opened(session, actor, services.ref(customer), customer_id, "customers.contacts")
    people = queries.contacts_of(session, customer_id)
    points = queries.points_of_contacts(session, [person.id for person in people])
    return Items([outputs.contact(person, points[person.id]) for person in people])


@post("/{customer_id:uuid}/contacts", permission="customers.edit", name="customers:api_add_contact", status_code=201)
def add_contact(session: Session, actor: Actor, customer_id: UUID, data: ContactInput) -> ContactOut:
    """A new contact of this customer."""
    data.customer_id = customer_id
    contact = contacts.create(session, actor, data)
    return outputs.contact(contact, queries.points_of_contacts(session, [contact.id])[contact.id])


@post(
    "/{customer_id:uuid}/points/{point_id:uuid}/reveal", permission="customers.reveal", name="customers:api_reveal",
    opt={"unkept": True},
)  # fmt: skip
def reveal_point(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, point_id: UUID
) -> RevealedOut:
    """The clear value; audited, counted, and never stored with an idempotency key."""
    return outputs.revealed(reveal.reveal(session, actor, customer_id, point_id))


HANDLERS = [
    create, read, update, remove, restore, set_tags, look_for_duplicates, list_contacts, add_contact, reveal_point,
    *address_api.HANDLERS,
]  # fmt: skip
