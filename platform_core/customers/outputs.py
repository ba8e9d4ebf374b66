"""What the JSON API says of customers and contacts: never a clear number, only masks."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from platform_core.customers.custom import values as own
from platform_core.customers.duplicates import Duplicate
from platform_core.customers.models import Contact, ContactPoint, Customer
from platform_core.customers.reveal import Revealed


class CustomerOut(msgspec.Struct, kw_only=True):
    """`phone` is the mask of the main number; `phone_point_id` is what to reveal."""

    id: UUID
    version: int
    code: str
    name: str
    kind: str
    short_name: str
    classification: str
    status: str
    grade: str
    industry: str
    region: str
    city: str
    source: str
    source_url: str
    size: str
    nature: str
    legal_person: str
    website: str
    bank: str
    tax_no: str
    credit: str
    intent: str
    notes: str
    gender: str
    birth_year: int | None
    birth_month: int | None
    birth_day: int | None
    birth_lunar: bool
    birth_leap: bool
    work_status: str
    position: str
    education: str
    collected_on: date | None
    custom: dict[str, Any]
    """Own fields that are filled in: key -> value; numbers and days as text, of sensitive fields the masks."""
    owner_id: UUID | None
    department_id: UUID | None
    team_id: UUID | None
    contact_name: str
    phone: str
    phone_point_id: UUID | None
    last_contact_at: datetime | None
    next_plan_at: datetime | None
    lead_since: datetime | None
    """Since when it is a lead; null: a customer."""
    created_at: datetime
    updated_at: datetime
    tags: list[str] | None = None
    """Of a single customer; null in lists."""


class PointOut(msgspec.Struct, kw_only=True):
    id: UUID
    kind: str
    mask: str
    extension: str
    is_primary: bool


class ContactOut(msgspec.Struct, kw_only=True):
    id: UUID
    version: int
    customer_id: UUID | None
    name: str
    title: str
    division: str
    gender: str
    birth_year: int | None
    birth_month: int | None
    birth_day: int | None
    birth_lunar: bool
    birth_leap: bool
    notes: str
    is_primary: bool
    points: list[PointOut]


class DuplicateOut(msgspec.Struct, kw_only=True):
    """Of a customer the caller may not see, only `by`, `department` and `message` are filled.

    `contact_id` is of a contact that stands alone.
    """

    by: str
    message: str
    department: str
    customer_id: UUID | None
    name: str
    code: str
    contact_id: UUID | None = None


class RevealedOut(msgspec.Struct, kw_only=True):
    value: str
    extension: str
    link: str


_SAME = [name for name in CustomerOut.__struct_fields__ if name not in {"phone", "tags", "custom"}]


def customer(session: Session, row: Customer, tags: list[str] | None = None) -> CustomerOut:
    custom = own.told(session, row.custom or {})
    return CustomerOut(**{name: getattr(row, name) for name in _SAME}, custom=custom, phone=row.phone_mask, tags=tags)


def contact(row: Contact, points: list[ContactPoint]) -> ContactOut:
    return ContactOut(
        **{name: getattr(row, name) for name in ContactOut.__struct_fields__ if name != "points"},
        points=[
            PointOut(id=item.id, kind=item.kind, mask=item.mask, extension=item.extension, is_primary=item.is_primary)
            for item in points
        ],
    )  # fmt: skip


def duplicate(found: Duplicate) -> DuplicateOut:
    return DuplicateOut(
        by=found.by, message=found.text, department=found.department, customer_id=found.customer_id, name=found.name,
        code=found.code, contact_id=found.contact_id,
    )  # fmt: skip


def revealed(found: Revealed) -> RevealedOut:
    return RevealedOut(value=found.text, extension=found.extension, link=found.link)
