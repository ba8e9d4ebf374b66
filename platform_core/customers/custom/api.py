"""Own fields for programs, below /api/v1/customer-fields; values travel with the customers, in `custom`."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, Struct, UnsetType
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers.custom import definitions, keeping
from platform_core.customers.custom.definitions import Data, Field
from platform_core.customers.custom.keeping import PERMISSION, FieldInput
from platform_core.web.apis import Items
from platform_core.web.routing import get, patch, post


class FieldOut(Struct, kw_only=True):
    """`type` names a field type of the core or of a plugin; `classifications` none: all customers."""

    key: str
    label: str
    active: bool
    type: str
    group: str
    help: str
    required: bool
    default: str
    dictionary: str
    classifications: list[str]
    sensitive: bool
    filterable: bool


class FieldChange(Struct, kw_only=True):
    """Only the given parts. Key, type, dictionary and `sensitive` stay for ever."""

    label: str | UnsetType = UNSET
    group: str | UnsetType = UNSET
    help: str | UnsetType = UNSET
    required: bool | UnsetType = UNSET
    default: str | UnsetType = UNSET
    classifications: list[str] | UnsetType = UNSET
    filterable: bool | UnsetType = UNSET
    active: bool | UnsetType = UNSET


def _out(item: Field) -> FieldOut:
    data = {name: getattr(item.data, name) for name in Data.__struct_fields__}
    data["classifications"] = list(item.data.classifications)
    return FieldOut(key=item.key, label=item.label, active=item.active, **data)


@get("/", permission="customers.view", name="customers:api_fields")
def list_fields(session: Session, actor: Actor) -> Items[FieldOut]:
    """All of them in their order, those that are switched off included; there are few, so there is one page."""
    return Items([_out(item) for item in definitions.known(session).fields])


@post("/", permission=PERMISSION, name="customers:api_add_field", status_code=201)
def add_field(session: Session, actor: Actor, data: FieldInput) -> FieldOut:
    """A new field; `entries` are the labels of its own list, one per line."""
    return _out(keeping.add(session, actor, data))


@patch("/{key:str}", permission=PERMISSION, name="customers:api_change_field")
def change_field(session: Session, actor: Actor, key: str, data: FieldChange) -> FieldOut:
    """Change a definition, or switch the field off and on."""
    item = keeping.get(session, key)
    held = {name: getattr(item.data, name) for name in ("type", "group", "help", "required", "default", "filterable")}
    whole = msgspec.convert(
        {**held, "label": item.label, "classifications": list(item.data.classifications)}, FieldInput
    )
    for name in ("label", "group", "help", "required", "default", "classifications", "filterable"):
        if getattr(data, name) is not UNSET:
            setattr(whole, name, getattr(data, name))
    keeping.change(session, actor, key, msgspec.convert(msgspec.structs.asdict(whole), FieldInput))
    if data.active is not UNSET:
        keeping.set_active(session, actor, key, active=data.active)
    return _out(keeping.get(session, key))


HANDLERS = [list_fields, add_field, change_field]
