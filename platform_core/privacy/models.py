"""Consent, opt-outs, restrictions and the register of what persons ask for."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, ForeignKey, Index, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from platform_core.kernel.clock import now
from platform_core.kernel.model import COLUMN_TYPES, METADATA, Identified, Versioned
from platform_core.kernel.types import Json, UtcDateTime

_CUSTOMER = "customers_customer.id"
_CONTACT = "customers_contact.id"


class Base(DeclarativeBase):
    metadata = METADATA
    type_annotation_map = COLUMN_TYPES


class ConsentText(Identified, Base):
    """A wording that persons agree to. Never changed: another wording is another version."""

    __tablename__ = "privacy_text"

    purpose: Mapped[str] = mapped_column(String(60))
    version: Mapped[int]
    """Counts up within the purpose."""
    body: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    by_id: Mapped[UUID | None] = mapped_column(Uuid())
    by_label: Mapped[str] = mapped_column(String(120), default="")

    __table_args__ = (UniqueConstraint("purpose", "version"),)


class Consent(Identified, Base):
    """What a person once said to one channel for one purpose: yes or no. Only added to; the latest `at` holds.

    Belongs to a customer or to a contact, never to both.
    """

    __tablename__ = "privacy_consent"

    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey(_CUSTOMER, ondelete="CASCADE"))
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey(_CONTACT, ondelete="CASCADE"))
    channel: Mapped[str] = mapped_column(String(20))
    """Code of `privacy.channels`; "" is every one."""
    purpose: Mapped[str] = mapped_column(String(60))
    given: Mapped[bool]
    at: Mapped[datetime] = mapped_column(UtcDateTime())
    """When the person said so."""
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    source: Mapped[str] = mapped_column(String(60))
    """Code of `privacy.sources`: how the person said so."""
    text_id: Mapped[UUID | None] = mapped_column(ForeignKey("privacy_text.id", ondelete="RESTRICT"))
    note: Mapped[str] = mapped_column(String(500), default="")
    """Where the evidence is."""
    by_id: Mapped[UUID | None] = mapped_column(Uuid())
    by_label: Mapped[str] = mapped_column(String(120), default="")

    __table_args__ = (
        Index("ix_privacy_consent_customer_id", "customer_id", "at"),
        Index("ix_privacy_consent_contact_id", "contact_id", "at"),
    )


class Suppression(Identified, Base):
    """Nothing more is sent there: to a number or address, known by its keyed hash alone, or to a person.

    Of `point_hash`, `customer_id` and `contact_id` one is set. The hash is that of `ContactPoint.full_hash`.
    """

    __tablename__ = "privacy_suppression"

    point_hash: Mapped[int | None] = mapped_column(BigInteger, index=True)
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey(_CUSTOMER, ondelete="CASCADE"), index=True)
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey(_CONTACT, ondelete="CASCADE"), index=True)
    mask: Mapped[str] = mapped_column(String(120), default="")
    """Of the number or address, until its person is erased."""
    channel: Mapped[str] = mapped_column(String(20))
    """Code of `privacy.channels`; "" is every one."""
    purpose: Mapped[str] = mapped_column(String(60))
    """A code, "" for everything that needs consent, "*" for everything."""
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    source: Mapped[str] = mapped_column(String(60))
    note: Mapped[str] = mapped_column(String(500), default="")
    by_id: Mapped[UUID | None] = mapped_column(Uuid())
    by_label: Mapped[str] = mapped_column(String(120), default="")
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str] = mapped_column(String(120), default="")
    lift_reason: Mapped[str] = mapped_column(String(500), default="")


class Restriction(Identified, Base):
    """A customer, or a contact that stands alone, is kept and nothing else is done with it.

    `restricted_at` of either says whether that is so now.
    """

    __tablename__ = "privacy_restriction"

    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey(_CUSTOMER, ondelete="CASCADE"), index=True)
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey(_CONTACT, ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    by_id: Mapped[UUID | None] = mapped_column(Uuid())
    by_label: Mapped[str] = mapped_column(String(120), default="")
    reason: Mapped[str] = mapped_column(String(500))
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str] = mapped_column(String(120), default="")
    lift_reason: Mapped[str] = mapped_column(String(500), default="")


class PersonRequest(Identified, Versioned, Base):
    """What a person asks of the house, in the register."""

    __tablename__ = "privacy_request"

    code: Mapped[str] = mapped_column(String(20), unique=True)
    kind: Mapped[str] = mapped_column(String(12))
    """access, correction, restriction or erasure"""
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey(_CUSTOMER, ondelete="SET NULL"), index=True)
    """Neither this nor `contact_id`: somebody of whom the house knows nothing, or not yet what."""
    contact_id: Mapped[UUID | None] = mapped_column(Uuid(), index=True)
    """A contact that stands alone."""
    asked_by: Mapped[str] = mapped_column(String(120))
    source: Mapped[str] = mapped_column(String(60))
    details: Mapped[str] = mapped_column(Text, default="")
    identity: Mapped[str] = mapped_column(String(200), default="")
    """How it was made sure that they are who they say."""
    received_on: Mapped[date] = mapped_column(Date())
    due_on: Mapped[date] = mapped_column(Date())
    state: Mapped[str] = mapped_column(String(10), default="open")
    """open, done, refused or withdrawn"""
    result: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    by_id: Mapped[UUID | None] = mapped_column(Uuid())
    by_label: Mapped[str] = mapped_column(String(120), default="")
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str] = mapped_column(String(120), default="")

    __table_args__ = (Index("ix_privacy_request_state", "state", "due_on", "id"),)


class RequestAct(Identified, Base):
    """What was done about a request, with what it changed."""

    __tablename__ = "privacy_request_act"

    request_id: Mapped[UUID] = mapped_column(ForeignKey("privacy_request.id", ondelete="CASCADE"), index=True)
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey(_CUSTOMER, ondelete="SET NULL"), index=True)
    contact_id: Mapped[UUID | None] = mapped_column(Uuid(), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    by_id: Mapped[UUID | None] = mapped_column(Uuid())
    by_label: Mapped[str] = mapped_column(String(120), default="")
    what: Mapped[str] = mapped_column(String(20))
    """A key of privacy.wording.ACTS"""
    before: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    link: Mapped[str] = mapped_column(String(200), default="")
