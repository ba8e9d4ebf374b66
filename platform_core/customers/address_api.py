"""JSON: addresses of a customer, with the services of the page."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import contacts, opening, queries, services
from platform_core.customers.forms import AddressInput
from platform_core.customers.models import Address
from platform_core.web.apis import Items
from platform_core.web.routing import delete, get, patch, post

_URL = "/{customer_id:uuid}/addresses"
_ONE = f"{_URL}/{{address_id:uuid}}"


class AddressOut(msgspec.Struct, kw_only=True):
    """`kind` is office, billing, delivery or home; at most one of a customer is primary."""

    id: UUID
    kind: str
    region: str
    city: str
    street: str
    postcode: str
    is_primary: bool


class AddressChange(msgspec.Struct, kw_only=True):
    """Only the given fields."""

    kind: Literal["office", "billing", "delivery", "home"] | UnsetType = UNSET
    region: Annotated[str, Meta(max_length=60)] | UnsetType = UNSET
    city: Annotated[str, Meta(max_length=60)] | UnsetType = UNSET
    street: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    postcode: Annotated[str, Meta(max_length=12)] | UnsetType = UNSET
    is_primary: bool | UnsetType = UNSET


def _out(row: Address) -> AddressOut:
    return AddressOut(**{name: getattr(row, name) for name in AddressOut.__struct_fields__})


@get(_URL, permission="customers.view", name="customers:api_addresses")
def list_addresses(session: Session, actor: Actor, customer_id: UUID) -> Items[AddressOut]:
    """All addresses of a customer, the primary one first; a customer has few, so there is one page."""
    customer = queries.get(session, customer_id)
    opening.opened(session, actor, services.ref(customer), customer_id)
    return Items([_out(row) for row in queries.addresses_of(session, customer_id)])


@post(_URL, permission="customers.edit", name="customers:api_add_address", status_code=201)
def add_address(session: Session, actor: Actor, customer_id: UUID, data: AddressInput) -> AddressOut:
    """Add an address; a primary one takes that from the others."""
    return _out(contacts.save_address(session, actor, customer_id, data))


@patch(_ONE, permission="customers.edit", name="customers:api_change_address")
def change_address(
    session: Session, actor: Actor, customer_id: UUID, address_id: UUID, data: AddressChange
) -> AddressOut:
    """Change an address; only the given fields."""
    present = queries.address(session, customer_id, address_id)
    given = {name: getattr(data, name) for name in AddressInput.__struct_fields__}
    values = {name: getattr(present, name) if value is UNSET else value for name, value in given.items()}
    return _out(contacts.save_address(session, actor, customer_id, AddressInput(**values), address_id))


@delete(_ONE, permission="customers.edit", name="customers:api_remove_address", status_code=204)
def remove_address(session: Session, actor: Actor, customer_id: UUID, address_id: UUID) -> None:
    """Remove an address."""
    contacts.remove_address(session, actor, customer_id, address_id)


HANDLERS = [list_addresses, add_address, change_address, remove_address]
