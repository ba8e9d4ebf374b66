"""What a row would change of the customer it duplicates: pure rules, so that dry run and import agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from platform_core.customers import points, tags
from platform_core.customers.fields import BIRTH
from platform_core.customers.importing import own
from platform_core.customers.names import norm
from platform_core.kernel.secrets import Vault

FIELDS = (
    "short_name", "classification", "status", "grade", "industry", "region", "city", "source", "source_url", "size",
    "nature", "legal_person", "website", "bank", "bank_account", "tax_no", "credit", "intent", "notes", "gender",
    "work_status", "position", "education", "collected_on",
)  # fmt: skip
"""Name, code and kind are what a customer is known by; an import leaves them alone. A birthday is several of them."""
OF_THE_CONTACT = ("position", "gender", *BIRTH)
"""In a row about an organisation these speak of its contact."""


class Change(msgspec.Struct):
    """fields: name -> [value before, value after]. The rest is added, never replaced.

    The ids are filled in once it is done; they are what the way back takes away again.
    """

    fields: dict[str, list[Any]] = {}
    points: list[tuple[str, str]] = []
    contact: str = ""
    address: str = ""
    tags: list[str] = []
    point_ids: list[UUID] = []
    contact_id: UUID | None = None
    address_id: UUID | None = None
    tag_ids: list[UUID] = []

    def __bool__(self) -> bool:
        return bool(self.fields or self.points or self.contact or self.address or self.tags)


@dataclass(slots=True)
class Present:
    """A customer as it is in the house."""

    customer: Any
    hashes: set[int] = field(default_factory=set)
    contacts: list[Any] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)
    has_address: bool = False


def change_of(
    vault: Vault, present: Present, values: Mapping[str, Any], held: Sequence[tuple[str, str]], *, overwrite: bool
) -> Change:
    """Falsy when the row says nothing new. Blank cells never clear anything."""
    is_company = present.customer.kind == "organisation"
    change = Change(fields=_fields(present.customer, values, is_company=is_company, overwrite=overwrite))
    change.points = [item for item in held if points.lookup(vault, *item) not in present.hashes]
    name = values.get("contact_name", "")
    known = {norm(contact.name) for contact in present.contacts}
    if is_company and name and norm(name) not in known and (overwrite or not known):
        change.contact = name
    if values.get("address") and not present.has_address:
        change.address = values["address"]
    room = max(tags.MOST - len(present.tags), 0)
    change.tags = [tag for tag in values.get("tags", []) if tag not in present.tags][:room]
    return change


def _fields(customer: Any, values: Mapping[str, Any], *, is_company: bool, overwrite: bool) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for name in FIELDS:
        new, old = values.get(name), plain(getattr(customer, name))
        if not new or new == old or (is_company and name in OF_THE_CONTACT):
            continue
        if overwrite or not old:
            found[name] = [old, new]
    if not is_company and (overwrite or customer.birth_day is None):
        found.update(_born(customer, values))
    found.update(own.changes(customer, values, overwrite=overwrite))
    return found


def _born(customer: Any, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The parts of a birthday go together, but a year that the row does not say stays."""
    said = {name: values[name] for name in BIRTH if values.get(name) is not None}
    return {name: [old, new] for name, new in said.items() if (old := getattr(customer, name)) != new}


def plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def stored(name: str, value: Any) -> Any:
    """A plain value as the column holds it."""
    return date.fromisoformat(value) if name == "collected_on" and value else value
