"""Turning read rows into customers, many at a time: the same rows that customers.services.create makes one by one.

What takes time (keys, tokens, encryption) is done before the transaction begins, so that writers wait for inserts only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import codes, names, points, search_rows
from platform_core.customers.importing import own, updating
from platform_core.customers.importing.matching import taken_codes
from platform_core.customers.importing.models import ImportBatch
from platform_core.customers.importing.rows import Payload, Row, name_key
from platform_core.customers.models import Address, Contact, ContactPoint, Customer, StatusChange
from platform_core.customers.searchmodel import SearchRow
from platform_core.kernel import clock
from platform_core.kernel.bulkrows import Writer
from platform_core.kernel.clock import now
from platform_core.kernel.ids import new_id
from platform_core.kernel.searchtokens import index_tokens, sort_key
from platform_core.kernel.secrets import Vault

CAUSE = "customers.import"
_CUSTOMER_FIELDS = (
    "kind", "name", "code", "short_name", "classification", "status", "grade", "industry", "region", "city", "source",
    "source_url", "size", "nature", "legal_person", "website", "bank", "bank_account", "tax_no", "credit", "intent",
    "notes", "gender", "work_status", "position", "education",
)  # fmt: skip
_BLANK = {**dict.fromkeys(_CUSTOMER_FIELDS, ""), **dict.fromkeys(("birth_year", "birth_month", "birth_day"))}


class Plain(SimpleNamespace):
    """Columns of a row by name. Mapped objects would take three times as long to make, and no session needs them."""


@dataclass(slots=True)
class Draft:
    """A row's customer with all that belongs to it, not yet in the database."""

    number: int
    customer: Any
    contact: Any | None
    points: list[Any]
    address: Any | None
    tags: list[str]
    tokens: set[str]

    def row(self, payload: Payload) -> Row:
        """As its duplicates are found by it."""
        found = [(point.kind, point.full_hash) for point in self.points]
        phones = [known for kind, known in found if kind in points.PHONES]
        mails = [known for kind, known in found if kind == "email"]
        return Row(self.number, payload, phones, name_key(payload.values, phones), mails)


def draft(vault: Vault, actor: Actor, batch: ImportBatch, number: int, payload: Payload) -> Draft:
    """Owner is whoever imports. The customer has no code yet unless the row brought one."""
    values = dict(payload.values)
    contact_name, street = values.pop("contact_name", ""), values.pop("address", "")
    tags = values.pop("tags", [])
    custom, secrets = own.parts(values)
    is_company = values["kind"] == "organisation"
    customer_id = new_id()
    contact = None
    if contact_name and (is_company or contact_name != values["name"]):
        about = {"title": values.pop("position", ""), "gender": values.pop("gender", "")} if is_company else {}
        contact = _contact(actor, customer_id, contact_name, **about)
    contact_id = contact.id if contact and is_company else None
    customer = _customer(actor, batch, customer_id, values)
    customer.custom = custom
    customer.sealed = vault.encrypt(msgspec.json.encode(secrets).decode()) if secrets else None
    held: list[Any] = [
        Plain(id=new_id(), customer_id=customer_id, contact_id=contact_id, is_primary=False, **values)
        for values in (points.bulk_values(vault, kind, text) for kind, text in payload.points)
    ]
    points.summarise(customer, held, contact)
    address = None
    if street:
        kind = "office" if is_company else "home"
        address = Plain(
            id=new_id(), customer_id=customer_id, kind=kind, city=customer.city, street=street, is_primary=True
        )
    tokens = search_rows.tokens_of(customer, [contact.name] if contact else [])
    return Draft(number, customer, contact, held, address, tags, tokens)


def _customer(actor: Actor, batch: ImportBatch, customer_id: UUID, values: dict[str, Any]) -> Any:
    collected = values.get("collected_on")
    customer = Plain(
        id=customer_id,
        **_BLANK | {name: value for name, value in values.items() if name in _BLANK},
        **names.keys(values["name"]),
        collected_on=date.fromisoformat(collected) if collected else clock.today(),
        owner_id=actor.user_id,
        department_id=actor.department_id,
        created_by=actor.user_id,
        batch_id=batch.id,
        version=1,
    )
    customer.status = customer.status or "new"
    return customer


def _contact(actor: Actor, customer_id: UUID, name: str, *, title: str = "", gender: str = "") -> Any:
    return Plain(
        id=new_id(), customer_id=customer_id, owner_id=actor.user_id, department_id=actor.department_id, name=name,
        name_key=sort_key(name)[:120], title=title, gender=gender, is_primary=True, version=1,
    )  # fmt: skip


def save(session: Session, actor: Actor, drafts: Sequence[Draft]) -> list[UUID]:
    """Insert them in the caller's transaction; returns the customers' ids in order. Needs a system session."""
    if not drafts:
        return []
    moment = now()
    _give_codes(session, drafts)
    customers = [item.customer for item in drafts]
    stamps = {"created_at": moment, "updated_at": moment}
    writer = Writer.of(session)
    writer.write(Customer, ({**vars(customer), **stamps} for customer in customers))
    writer.write(Contact, ({**vars(item.contact), **stamps} for item in drafts if item.contact))
    writer.write(ContactPoint, ({**vars(point), "created_at": moment} for item in drafts for point in item.points))
    writer.write(Address, (vars(item.address) for item in drafts if item.address))
    writer.write(SearchRow, map(_search, drafts))
    writer.write(StatusChange, (_status(actor, customer, moment) for customer in customers))
    updating.tagged(session, [(item.customer.id, item.tags) for item in drafts if item.tags])
    return [customer.id for customer in customers]


def _search(item: Draft) -> dict[str, Any]:
    return {"customer_id": item.customer.id, "tokens": sorted(item.tokens | index_tokens(item.customer.code))}


def _give_codes(session: Session, drafts: Sequence[Draft]) -> None:
    """Codes from the counter for rows without one, in one block; numbers that somebody typed already are left out."""
    for kind in codes.KINDS:
        without = [item.customer for item in reversed(drafts) if not item.customer.code and item.customer.kind == kind]
        while without:
            made = codes.fresh(session, kind, len(without))
            taken = taken_codes(session, made)
            for code in made:
                if code not in taken:
                    without.pop().code = code


def _status(actor: Actor, customer: Any, moment: datetime) -> dict[str, Any]:
    return {
        "id": new_id(), "customer_id": customer.id, "at": moment, "by_id": actor.user_id, "by_label": actor.name,
        "old": "", "new": customer.status, "cause": CAUSE,
    }  # fmt: skip
