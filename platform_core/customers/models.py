"""The customer record."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    TextClause,
    UniqueConstraint,
    Uuid,
    event,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from platform_core.kernel.clock import now
from platform_core.kernel.ids import new_id
from platform_core.kernel.model import COLUMN_TYPES, METADATA, Identified, Stamped, Versioned
from platform_core.kernel.types import DictionaryCode, Json, UtcDateTime


class Base(DeclarativeBase):
    metadata = METADATA
    type_annotation_map = COLUMN_TYPES


_KEPT = text("deleted_at IS NULL")
_POOLED = text("deleted_at IS NULL AND owner_id IS NULL")
_LEADS = text("deleted_at IS NULL AND lead_since IS NOT NULL")
_BINNED = text("deleted_at IS NOT NULL")
_BORN = text("birth_day IS NOT NULL")


def _born(table: str) -> Index:
    """Who has a birthday on a day."""
    return Index(f"ix_{table}_birth", "birth_month", "birth_day", postgresql_where=_BORN, sqlite_where=_BORN)


def _binned(table: str) -> Index:
    return Index(f"ix_{table}_bin", "deleted_at", "id", postgresql_where=_BINNED, sqlite_where=_BINNED)


def _partly(name: str, where: TextClause, *columns: str) -> Index:
    return Index(f"ix_customers_customer_{name}", *columns, "id", postgresql_where=where, sqlite_where=where)


def _listed(*columns: str) -> Index:
    """An order of the customer list. Without the bin's rows, so that a list finds its page without reading a row."""
    return _partly("_".join(columns), _KEPT, *columns)


class Customer(Identified, Stamped, Versioned, Base):
    """A person or an organisation. Belongs to the firm: `owner_id` may change hands, `owner_id IS NULL` is the pool."""

    __tablename__ = "customers_customer"

    kind: Mapped[str] = mapped_column(String(12), default="organisation")
    """person or organisation"""
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    name_key: Mapped[str] = mapped_column(String(200), default="")
    """Pinyin sort key (kernel.searchtokens.sort_key)."""
    name_norm: Mapped[str] = mapped_column(String(120), default="")
    """Folded name by which duplicates are found."""
    short_name: Mapped[str] = mapped_column(String(40), default="")
    classification: Mapped[str] = mapped_column(DictionaryCode("customers.classification"), default="")
    status: Mapped[str] = mapped_column(DictionaryCode("customers.status"), default="new")
    grade: Mapped[str] = mapped_column(DictionaryCode("customers.grade"), default="")
    industry: Mapped[str] = mapped_column(DictionaryCode("customers.industry"), default="")
    region: Mapped[str] = mapped_column(DictionaryCode("customers.region"), default="")
    city: Mapped[str] = mapped_column(String(60), default="")
    source: Mapped[str] = mapped_column(DictionaryCode("customers.source"), default="")
    source_url: Mapped[str] = mapped_column(String(500), default="")
    size: Mapped[str] = mapped_column(DictionaryCode("customers.size"), default="")
    nature: Mapped[str] = mapped_column(DictionaryCode("customers.nature"), default="")
    legal_person: Mapped[str] = mapped_column(String(60), default="")
    website: Mapped[str] = mapped_column(String(200), default="")
    bank: Mapped[str] = mapped_column(String(120), default="")
    bank_account: Mapped[str] = mapped_column(String(60), default="")
    tax_no: Mapped[str] = mapped_column(String(40), default="")
    credit: Mapped[str] = mapped_column(String(60), default="")
    intent: Mapped[str] = mapped_column(String(200), default="")
    notes: Mapped[str] = mapped_column(Text, default="")
    # The rest of the seven elements of a person.
    gender: Mapped[str] = mapped_column(String(1), default="")
    """"" unknown, m or f"""
    birth_year: Mapped[int | None]
    birth_month: Mapped[int | None]
    birth_day: Mapped[int | None]
    birth_lunar: Mapped[bool] = mapped_column(default=False)
    birth_leap: Mapped[bool] = mapped_column(default=False)
    work_status: Mapped[str] = mapped_column(DictionaryCode("customers.work_status"), default="")
    position: Mapped[str] = mapped_column(String(60), default="")
    education: Mapped[str] = mapped_column(DictionaryCode("customers.education"), default="")
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_user.id", ondelete="RESTRICT"))
    department_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_department.id", ondelete="RESTRICT"))
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_team.id", ondelete="SET NULL"))
    # What lists show, kept here so that a page of the list is one query.
    contact_name: Mapped[str] = mapped_column(String(60), default="")
    phone_mask: Mapped[str] = mapped_column(String(40), default="")
    phone_point_id: Mapped[UUID | None] = mapped_column(Uuid())
    last_contact_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    next_plan_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    custom: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """Key of an own field -> its value, of a sensitive field the mask (customers.custom)."""
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Encrypted JSON: the clear values of sensitive own fields."""
    created_by: Mapped[UUID | None] = mapped_column(Uuid())
    collected_on: Mapped[date | None] = mapped_column(Date())
    batch_id: Mapped[UUID | None] = mapped_column(Uuid())
    """The import that made the row, so that it can be taken back."""
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    restricted_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    """Since when the record is only kept: seen, but neither changed, contacted nor taken along (privacy)."""
    lead_since: Mapped[datetime | None] = mapped_column(UtcDateTime())
    """Since when it is a lead; none: a customer."""
    placed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    """Since when its owner has it, or the pool; none: since it was added."""

    __table_args__ = (
        _listed("updated_at"),
        _listed("owner_id", "updated_at"),
        _listed("department_id", "updated_at"),
        _listed("team_id", "updated_at"),
        _listed("name_key"),
        _listed("owner_id", "name_key"),
        _listed("department_id", "name_key"),
        _listed("next_plan_at"),
        _listed("owner_id", "next_plan_at"),
        _listed("department_id", "next_plan_at"),
        # When customers changed that somebody sees by a part in their relay, without reading their rows.
        Index("ix_customers_customer_id_updated_at", "id", "updated_at", postgresql_where=_KEPT, sqlite_where=_KEPT),
        _partly("pool", _POOLED, "department_id", "placed_at"),
        _partly("pool_of_all", _POOLED, "placed_at"),
        _partly("lead_since", _LEADS, "lead_since"),
        _binned("customers_customer"),
        _born("customers_customer"),
        Index("ix_customers_customer_name_norm", "name_norm"),
        Index("ix_customers_customer_batch_id", "batch_id"),
    )


@event.listens_for(Customer.owner_id, "set")
def _note_when(customer: Customer, value: UUID | None, old: Any, _initiator: Any) -> None:
    """Whoever gives a customer away need not think of it."""
    if value != old:
        customer.placed_at = now()


class Contact(Identified, Stamped, Versioned, Base):
    """A person to talk to; stands alone until attached to a customer."""

    __tablename__ = "customers_contact"

    customer_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("customers_customer.id", ondelete="CASCADE"), index=True
    )
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_user.id", ondelete="RESTRICT"), index=True)
    department_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users_department.id", ondelete="RESTRICT"), index=True
    )
    name: Mapped[str] = mapped_column(String(60))
    name_key: Mapped[str] = mapped_column(String(120), default="")
    title: Mapped[str] = mapped_column(String(60), default="")
    division: Mapped[str] = mapped_column(String(60), default="")
    """The contact's department within the customer."""
    gender: Mapped[str] = mapped_column(String(1), default="")
    birth_year: Mapped[int | None]
    birth_month: Mapped[int | None]
    birth_day: Mapped[int | None]
    birth_lunar: Mapped[bool] = mapped_column(default=False, server_default=false())
    birth_leap: Mapped[bool] = mapped_column(default=False, server_default=false())
    is_primary: Mapped[bool] = mapped_column(default=False)
    notes: Mapped[str] = mapped_column(Text, default="")
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    restricted_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    """Of one that stands alone: kept, and nothing else is done with it."""
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Of one that was removed, while it can come back: its numbers, encrypted (customers.contact_keeping)."""

    __table_args__ = (
        _binned("customers_contact"),
        Index(
            "ix_customers_contact_name_key", "name_key", "id", postgresql_where=_KEPT, sqlite_where=_KEPT,
        ),
        _born("customers_contact"),
    )  # fmt: skip


class ContactPoint(Identified, Base):
    """A phone, mail address or account, encrypted. Lists show `mask`; lookup goes by the keyed hashes."""

    __tablename__ = "customers_contact_point"

    customer_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("customers_customer.id", ondelete="CASCADE"), index=True
    )
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers_contact.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    """mobile, phone, email, fax, wechat or qq"""
    cipher: Mapped[bytes] = mapped_column(LargeBinary)
    mask: Mapped[str] = mapped_column(String(120))
    extension: Mapped[str] = mapped_column(String(12), default="")
    full_hash: Mapped[int] = mapped_column(BigInteger, index=True)
    last8_hash: Mapped[int | None] = mapped_column(BigInteger, index=True)
    last4_hash: Mapped[int | None] = mapped_column(BigInteger, index=True)
    is_primary: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)


class Address(Identified, Base):
    __tablename__ = "customers_address"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(12), default="office")
    region: Mapped[str] = mapped_column(String(60), default="")
    city: Mapped[str] = mapped_column(String(60), default="")
    street: Mapped[str] = mapped_column(String(200), default="")
    postcode: Mapped[str] = mapped_column(String(12), default="")
    is_primary: Mapped[bool] = mapped_column(default=False)


class Tag(Identified, Base):
    __tablename__ = "customers_tag"

    name: Mapped[str] = mapped_column(String(40), unique=True)
    tone: Mapped[str] = mapped_column(String(12), default="")


class CustomerTag(Base):
    __tablename__ = "customers_customer_tag"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"), primary_key=True)
    tag_id: Mapped[UUID] = mapped_column(
        ForeignKey("customers_tag.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class StatusChange(Identified, Base):
    """Every change of a customer's status, with the act that caused it."""

    __tablename__ = "customers_status_change"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    by_id: Mapped[UUID | None] = mapped_column(Uuid())
    by_label: Mapped[str] = mapped_column(String(120), default="")
    old: Mapped[str] = mapped_column(DictionaryCode("customers.status"), default="")
    new: Mapped[str] = mapped_column(DictionaryCode("customers.status"))
    cause: Mapped[str] = mapped_column(String(80), default="")

    __table_args__ = (Index("ix_customers_status_change_customer_id_at", "customer_id", "at"),)


class Attachment(Identified, Base):
    """A file on a customer; the bytes lie in the data folder under a random name.

    One row is one version of a document, and most documents have only one (customers/documents.py).
    """

    __tablename__ = "customers_attachment"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"), index=True)
    engagement_id: Mapped[UUID | None] = mapped_column(Uuid())
    owner: Mapped[str] = mapped_column(String(60), default="customers")
    kind: Mapped[str] = mapped_column(String(40), default="file")
    document_id: Mapped[UUID] = mapped_column(Uuid(), default=new_id)
    version: Mapped[int] = mapped_column(default=1)
    filename: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    stored_as: Mapped[str] = mapped_column(String(80), unique=True)
    uploaded_by: Mapped[UUID | None] = mapped_column(Uuid())
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)

    __table_args__ = (UniqueConstraint("document_id", "version"),)
