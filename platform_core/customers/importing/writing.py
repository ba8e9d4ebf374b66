"""Turning read rows into customers, many at a time: the same rows that customers.services.create makes one by one.

What takes time (keys, tokens, encryption) is done before the transaction begins, so that writers wait for inserts only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import contacts, names, points, search_rows, services
from platform_core.customers.importing.matching import taken_codes
from platform_core.customers.importing.models import ImportBatch
from platform_core.customers.importing.rows import Payload
from platform_core.customers.models import Address, Contact, ContactPoint, Customer, StatusChange
from platform_core.customers.searchmodel import SearchRow
from platform_core.kernel import clock
from platform_core.kernel.clock import now
from platform_core.kernel.ids import new_id
from platform_core.kernel.searchtokens import index_tokens
from platform_core.kernel.secrets import Vault

CAUSE = "customers.import"
_CUSTOMER_FIELDS = (
    "kind", "name", "code", "short_name", "classification", "status", "grade", "industry", "region", "city", "source",
    "source_url", "size", "nature", "legal_person", "website", "bank", "bank_account", "tax_no", "credit", "intent",
    "notes", "gender", "work_status", "position", "education",
)  # fmt: skip
_BIRTH = ("birth_year", "birth_month", "birth_day")


@dataclass(slots=True)
class Draft:
    """A row's customer with all that belongs to it, not yet in the database."""

    number: int
    customer: Customer
    contact: Contact | None
    points: list[ContactPoint]
    address: Address | None
    tokens: set[str]


def draft(vault: Vault, actor: Actor, batch: ImportBatch, number: int, payload: Payload) -> Draft:
    """Owner is whoever imports."""
    values = dict(payload.values)
    contact_name, street = values.pop("contact_name", ""), values.pop("address", "")
    is_company = values["kind"] == "organisation"
    collected = values.pop("collected_on", "")
    about_contact: dict[str, Any] = {}
    if is_company and contact_name:
        about_contact = {"title": values.pop("position", ""), "gender": values.pop("gender", "")}
    customer = Customer(
        id=new_id(),
        **{name: values.get(name, "") for name in _CUSTOMER_FIELDS},
        **{name: values.get(name) for name in _BIRTH},
        **names.keys(values["name"]),
        collected_on=date.fromisoformat(collected) if collected else clock.today(),
        owner_id=actor.user_id,
        department_id=actor.department_id,
        created_by=actor.user_id,
        batch_id=batch.id,
    )
    customer.status = customer.status or "new"
    contact = None
    if is_company and contact_name:
        contact = contacts.unsaved(actor, contact_name, customer.id, is_primary=True, **about_contact)
    elif contact_name and contact_name != customer.name:
        contact = contacts.unsaved(actor, contact_name, customer.id, is_primary=True)
    contact_id = contact.id if contact and is_company else None
    held = [
        ContactPoint(
            id=new_id(), customer_id=customer.id, contact_id=contact_id, **points.bulk_values(vault, kind, text)
        )
        for kind, text in payload.points
    ]
    points.summarise(customer, held, contact)
    address = None
    if street:
        address = Address(
            id=new_id(), customer_id=customer.id, kind="office" if is_company else "home", city=customer.city,
            street=street, is_primary=True,
        )  # fmt: skip
    return Draft(
        number, customer, contact, held, address, search_rows.tokens_of(customer, [contact.name] if contact else [])
    )


def save(session: Session, actor: Actor, drafts: Sequence[Draft]) -> list[UUID]:
    """Insert them in the caller's transaction; returns the customers' ids in order. Needs a system session."""
    if not drafts:
        return []
    moment = now()
    _give_codes(session, drafts)
    customers = [item.customer for item in drafts]
    _insert(session, Customer, customers, created_at=moment, updated_at=moment)
    people = [item.contact for item in drafts if item.contact]
    _insert(session, Contact, people, created_at=moment, updated_at=moment)
    _insert(session, ContactPoint, [point for item in drafts for point in item.points], created_at=moment)
    _insert(session, Address, [item.address for item in drafts if item.address])
    session.execute(
        insert(SearchRow),
        [
            {"customer_id": item.customer.id, "tokens": sorted(item.tokens | index_tokens(item.customer.code))}
            for item in drafts
        ],
    )
    session.execute(insert(StatusChange), [_status(actor, customer, moment) for customer in customers])
    return [customer.id for customer in customers]


def _insert(session: Session, model: type[Any], rows: Iterable[Any], **stamps: datetime) -> None:
    """Rows of one model have the same fields set, so each model is one statement."""
    names_ = [column.key for column in model.__mapper__.column_attrs]
    values = [{name: row.__dict__[name] for name in names_ if name in row.__dict__} | stamps for row in rows]
    if values:
        session.execute(insert(model), values)


def _give_codes(session: Session, drafts: Sequence[Draft]) -> None:
    """Codes from the counter for rows without one, in one block; numbers that somebody typed already are left out."""
    without = [item.customer for item in drafts if not item.customer.code]
    while without:
        codes = services.next_code(session, len(without))
        taken = taken_codes(session, codes)
        for code in codes:
            if code not in taken:
                without.pop().code = code


def _status(actor: Actor, customer: Customer, moment: datetime) -> dict[str, Any]:
    return {
        "customer_id": customer.id, "at": moment, "by_id": actor.user_id, "by_label": actor.name, "old": "",
        "new": customer.status, "cause": CAUSE,
    }  # fmt: skip
