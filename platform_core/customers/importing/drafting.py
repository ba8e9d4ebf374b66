"""What becomes of a row: a customer with all that belongs to it, as rows for the database.

This is what an import takes time for (keys, tokens, encryption). It needs no database and no session, so that it can be
done while the slice before is written, and by another process (ahead.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy.engine import make_url

from platform_core.contracts.identity import Actor
from platform_core.customers import names, points, search_rows
from platform_core.customers.fields import BIRTH
from platform_core.customers.importing import merged, own
from platform_core.customers.importing.changes import OF_THE_CONTACT
from platform_core.customers.importing.merged import Codes
from platform_core.customers.importing.models import ImportBatch, ImportRow
from platform_core.customers.importing.rows import Payload, Row, name_key
from platform_core.customers.models import Address, Contact, ContactPoint, Customer, StatusChange
from platform_core.customers.searchmodel import SearchRow
from platform_core.kernel import bulkrows, clock
from platform_core.kernel.bulkrows import Form
from platform_core.kernel.clock import now
from platform_core.kernel.database import Database
from platform_core.kernel.ids import new_id
from platform_core.kernel.searchcolumn import stored
from platform_core.kernel.searchtokens import sort_key
from platform_core.kernel.secrets import Vault

CAUSE = "customers.import"
_CUSTOMER_FIELDS = (
    "kind", "name", "code", "short_name", "classification", "status", "grade", "industry", "region", "city", "source",
    "source_url", "size", "nature", "legal_person", "website", "bank", "bank_account", "tax_no", "credit", "intent",
    "notes", "gender", "work_status", "position", "education",
)  # fmt: skip
_UNBORN = {**dict.fromkeys(BIRTH), "birth_lunar": False, "birth_leap": False}
_BLANK = {**dict.fromkeys(_CUSTOMER_FIELDS, ""), **_UNBORN}


_AT = ("created_at", "updated_at")
_CUSTOMER = (
    *(name for name in _BLANK if name != "code"), "id", "name_key", "name_norm", "collected_on", "owner_id",
    "department_id", "created_by", "batch_id", "version", "custom", "sealed", "contact_name", "phone_mask",
    "phone_point_id", *_AT,
)  # fmt: skip
_CONTACT = (
    "id", "customer_id", "owner_id", "department_id", "name", "name_key", "title", "gender", *BIRTH, "is_primary",
    "version", *_AT,
)  # fmt: skip
_POINT = (
    "id", "customer_id", "contact_id", "is_primary", "kind", "cipher", "mask", "extension", "full_hash", "last8_hash",
    "last4_hash", "created_at",
)  # fmt: skip
_ADDRESS = ("id", "customer_id", "kind", "city", "street", "is_primary")
_STATUS = ("id", "customer_id", "at", "by_id", "by_label", "old", "new", "cause")


@dataclass(frozen=True, slots=True)
class Frame:
    """What all rows of an import have in common. `driver` is the beginning of the database's address.

    `merged`: codes that have become part of others since the rows were read.
    """

    batch_id: UUID
    user_id: UUID
    user_name: str
    department_id: UUID | None
    driver: str
    merged: Codes


@dataclass(frozen=True, slots=True)
class Asked:
    """Rows of an import with their payloads as they are stored, the instant they get and the day it is."""

    moment: datetime
    today: date
    rows: list[tuple[int, bytes]]


class Draft(NamedTuple):
    """A row's customer with all that belongs to it, not yet in the database: `bulkrows.Row`s, and what is looked up."""

    number: int
    customer_id: UUID
    kind: str
    code: str
    """Empty: it gets one when it is written."""
    hashes: list[int]
    mails: list[int]
    name_key: str
    tags: list[str]
    tokens: str
    """Of the search, as its column takes them; those of the code come to them."""
    customer: bulkrows.Row
    contacts: list[bulkrows.Row]
    points: list[bulkrows.Row]
    address: bulkrows.Row | None
    status: bulkrows.Row
    search: bulkrows.Row

    @property
    def row(self) -> Row:
        """As its duplicates are found by it."""
        return Row(self.number, Payload([], {"code": self.code}), self.hashes, self.name_key, self.mails)


class Forms:
    """How the rows go into their tables."""

    def __init__(self, driver: str) -> None:
        dialect = make_url(f"{driver}://").get_dialect()()
        self.customer = Form(dialect, Customer, _CUSTOMER, late=("code",))
        self.contact = Form(dialect, Contact, _CONTACT)
        self.point = Form(dialect, ContactPoint, _POINT)
        self.address = Form(dialect, Address, _ADDRESS)
        self.status = Form(dialect, StatusChange, _STATUS)
        self.search = Form(dialect, SearchRow, ("customer_id",), late=("tokens",))


class Plain(SimpleNamespace):
    """Columns of a row by name. Mapped objects would take three times as long to make, and no session needs them."""


class Drafter:
    """Makes drafts of rows. Owner is whoever imports."""

    def __init__(self, vault: Vault, frame: Frame) -> None:
        self._vault = vault
        self._frame = frame
        self._forms = Forms(frame.driver)
        self._is_sqlite = frame.driver.startswith("sqlite")
        self._holder = {"owner_id": frame.user_id, "department_id": frame.department_id}

    def drafts(self, asked: Asked) -> list[Draft]:
        vault = self._vault.of_this_moment()
        return [self._draft(vault, asked, number, Payload.opened(vault, blob)) for number, blob in asked.rows]

    def _draft(self, vault: Vault, asked: Asked, number: int, payload: Payload) -> Draft:
        values = merged.meant(payload.values, self._frame.merged)
        contact_name, street = values.pop("contact_name", ""), values.pop("address", "")
        tags = values.pop("tags", [])
        is_company = values["kind"] == "organisation"
        customer_id = new_id()
        contacts = []
        if contact_name and (is_company or contact_name != values["name"]):
            about = {name: values.pop(name) for name in OF_THE_CONTACT if name in values} if is_company else {}
            contacts.append(self._contact(customer_id, contact_name, about.pop("position", ""), **about))
        contact_id = contacts[0].id if contacts and is_company else None
        held = _points(vault, customer_id, contact_id, payload.points)
        for further in payload.further:
            made = self._contact(customer_id, further.name, further.position, is_primary=not contacts, **further.born)
            contacts.append(made)
            held += _points(vault, customer_id, made.id, further.points)
        customer = self._customer(vault, asked, customer_id, values)
        points.summarise(customer, held, contacts[0] if contacts else None)
        tokens = search_rows.tokens_of(customer, [contact.name for contact in contacts], held)
        forms, stamps = self._forms, dict.fromkeys(_AT, asked.moment)
        phones = [point.full_hash for point in held if point.kind in points.PHONES]
        return Draft(
            number,
            customer_id,
            customer.kind,
            values.get("code", ""),
            phones,
            [point.full_hash for point in held if point.kind == "email"],
            name_key(payload.values, phones),
            tags,
            stored(tokens, sqlite=self._is_sqlite),
            forms.customer.row({**_columns(customer), **stamps}),
            [forms.contact.row({**vars(contact), **stamps}) for contact in contacts],
            [forms.point.row({**vars(point), "created_at": asked.moment}) for point in held],
            forms.address.row(self._address(customer, street)) if street else None,
            forms.status.row(self._status(customer, asked.moment)),
            forms.search.row({"customer_id": customer_id}),
        )

    def _customer(self, vault: Vault, asked: Asked, customer_id: UUID, values: dict[str, Any]) -> Any:
        collected = values.get("collected_on")
        custom, secrets = own.parts(values)
        customer = Plain(
            id=customer_id,
            **_BLANK | {name: value for name, value in values.items() if name in _BLANK},
            **names.keys(values["name"]),
            **self._holder,
            collected_on=date.fromisoformat(collected) if collected else asked.today,
            created_by=self._frame.user_id,
            batch_id=self._frame.batch_id,
            version=1,
            custom=custom,
            sealed=vault.encrypt(msgspec.json.encode(secrets).decode()) if secrets else None,
        )
        customer.status = customer.status or "new"
        return customer

    def _contact(self, customer_id: UUID, name: str, title: str = "", *, is_primary: bool = True, **about: Any) -> Any:
        """`about`: gender and date of birth."""
        return Plain(
            id=new_id(), customer_id=customer_id, **self._holder, name=name, name_key=sort_key(name)[:120],
            title=title, is_primary=is_primary, version=1, **{"gender": "", **_UNBORN, **about},
        )  # fmt: skip

    def _address(self, customer: Any, street: str) -> dict[str, Any]:
        kind = "office" if customer.kind == "organisation" else "home"
        return {
            "id": new_id(), "customer_id": customer.id, "kind": kind, "city": customer.city, "street": street,
            "is_primary": True,
        }  # fmt: skip

    def _status(self, customer: Any, moment: datetime) -> dict[str, Any]:
        return {
            "id": new_id(), "customer_id": customer.id, "at": moment, "by_id": self._frame.user_id,
            "by_label": self._frame.user_name, "old": "", "new": customer.status, "cause": CAUSE,
        }  # fmt: skip


def _points(vault: Vault, customer_id: UUID, contact_id: UUID | None, given: Iterable[tuple[str, str]]) -> list[Any]:
    return [
        Plain(id=new_id(), customer_id=customer_id, contact_id=contact_id, is_primary=False, **found)
        for found in (points.bulk_values(vault, kind, text) for kind, text in given)
    ]


def _columns(customer: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(customer).items() if name != "code"}


def asked_of(rows: Iterable[ImportRow]) -> Asked:
    """Of those that become customers; changes are made in the transaction itself."""
    return Asked(now(), clock.today(), [(row.number, row.payload) for row in rows if row.verdict != "update"])


def frame_of(database: Database, actor: Actor, batch: ImportBatch) -> Frame:
    driver = database.engine.url.drivername
    with database.system_session("codes that were merged since a check", write=False) as session:
        gone = merged.codes(session)
    return Frame(batch.id, actor.user_id, actor.name, actor.department_id, driver, gone)
