"""Messages on their way, the accounts that carry them, and what providers told about them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Float, ForeignKey, Index, LargeBinary, String, Text, Uuid, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from platform_core.kernel.clock import now
from platform_core.kernel.model import COLUMN_TYPES, METADATA, Identified
from platform_core.kernel.types import Json, UtcDateTime


class Base(DeclarativeBase):
    metadata = METADATA
    type_annotation_map = COLUMN_TYPES


TROUBLED = ("unknown", "undelivered", "failed", "refused", "expired")


def _only(state: str) -> dict[str, Any]:
    condition = text(f"state = '{state}'")  # nosemgrep: sql-made-of-text  of a column's own states
    return {"postgresql_where": condition, "sqlite_where": condition}


def _troubled() -> dict[str, Any]:
    """Of the few that did not arrive, or perhaps not."""
    states = ", ".join(repr(state) for state in TROUBLED)
    condition = text(f"state IN ({states})")  # nosemgrep: sql-made-of-text  of a column's own states
    return {"postgresql_where": condition, "sqlite_where": condition}


class Message(Identified, Base):
    """One message to one recipient. Who and what is encrypted; the mask and the keyed hash are beside it."""

    __tablename__ = "outbox_message"

    key: Mapped[str] = mapped_column(String(200), unique=True)
    """What it means; the second message that means the same is none."""
    channel: Mapped[str] = mapped_column(String(10))
    owner: Mapped[str] = mapped_column(String(60))
    """Of whoever made it"""
    lane: Mapped[str] = mapped_column(String(12))
    priority: Mapped[int] = mapped_column(default=50)
    """Smaller is earlier"""
    purpose: Mapped[str] = mapped_column(String(60))
    occasion: Mapped[str] = mapped_column(String(60), default="")
    route: Mapped[str] = mapped_column(String(30))
    """`service.cn`, `marketing.abroad`: what accounts are chosen by"""
    batch_id: Mapped[UUID | None] = mapped_column(Uuid())
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"))
    contact_id: Mapped[UUID | None] = mapped_column(Uuid())
    sender_id: Mapped[UUID | None] = mapped_column(Uuid())
    sender_label: Mapped[str] = mapped_column(String(120), default="")
    address: Mapped[bytes] = mapped_column(LargeBinary)
    mask: Mapped[str] = mapped_column(String(120))
    address_hash: Mapped[int] = mapped_column(BigInteger)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    """JSON: text, templates"""
    parts: Mapped[int] = mapped_column(default=0)
    """As reckoned, then as the provider says"""
    state: Mapped[str] = mapped_column(String(12), default="queued")
    """queued, paused, sending, unknown, sent, delivered, undelivered, failed, refused, expired, cancelled"""
    reason: Mapped[str] = mapped_column(String(200), default="")
    """A code of ours, or the provider's words"""
    rank: Mapped[int] = mapped_column(default=0)
    """How far reports have brought it; it never falls"""
    ref: Mapped[UUID | None] = mapped_column(Uuid(), unique=True)
    fence: Mapped[int] = mapped_column(default=0)
    """Counts claims: a worker whose lease ran out no longer holds the current number."""
    failures: Mapped[int] = mapped_column(default=0)
    misses: Mapped[int] = mapped_column(default=0)
    """How often the provider said that it has no such message"""
    next_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    expires_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    zone: Mapped[str] = mapped_column(String(60), default="")
    account_id: Mapped[UUID | None] = mapped_column(Uuid())
    only_account_id: Mapped[UUID | None] = mapped_column(Uuid())
    provider_id: Mapped[str] = mapped_column(String(80), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    sent_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_outbox_message_due", "lane", "priority", "next_at", **_only("queued")),
        Index("ix_outbox_message_lease", "lease_until", **_only("sending")),
        Index("ix_outbox_message_unknown", "created_at", **_only("unknown")),
        Index("ix_outbox_message_customer", "customer_id", "created_at"),
        Index("ix_outbox_message_channel", "channel", "created_at", "id"),
        Index("ix_outbox_message_address", "address_hash", "sent_at"),
        Index("ix_outbox_message_provider", "account_id", "provider_id"),
        Index("ix_outbox_message_troubled", "id", **_troubled()),
        Index("ix_outbox_message_batch", "batch_id", "state"),
    )


class Account(Identified, Base):
    """An account with a provider, as an administrator has set it up."""

    __tablename__ = "outbox_account"

    channel: Mapped[str] = mapped_column(String(10))
    driver: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(60), unique=True)
    config: Mapped[bytes] = mapped_column(LargeBinary)
    """JSON of the driver's fields, encrypted"""
    serves: Mapped[list[Any]] = mapped_column(Json, default=list)
    """Routes"""
    order: Mapped[int] = mapped_column("sort_order", default=50)
    per_second: Mapped[int] = mapped_column(default=20)
    cents: Mapped[int] = mapped_column(default=5)
    """Price of a part"""
    enabled: Mapped[bool] = mapped_column(default=True)
    tokens: Mapped[float] = mapped_column(Float, default=0.0)
    filled_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    troubles: Mapped[int] = mapped_column(default=0)
    """In a row"""
    down_until: Mapped[datetime | None]
    trouble: Mapped[str] = mapped_column(String(200), default="")
    revision: Mapped[int] = mapped_column(default=1)
    """Processes open the gateway anew when it has changed"""


class Report(Identified, Base):
    """A callback as it came, encrypted: kept first, read afterwards."""

    __tablename__ = "outbox_report"

    account_id: Mapped[UUID] = mapped_column(Uuid())
    body: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(10), default="new")
    """new, done, bad"""
    note: Mapped[str] = mapped_column(Text, default="")
    tries: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)

    __table_args__ = (Index("ix_outbox_report_new", "next_at", **_only("new")), Index("ix_outbox_report_at", "at"))


class Exclusion(Identified, Base):
    """Somebody who is to be left alone for a while, on one occasion or on all. Why is nobody's business.

    Of a customer, which speaks for all its contacts, or of one contact; never of both.
    """

    __tablename__ = "outbox_exclusion"

    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"))
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers_contact.id", ondelete="CASCADE"))
    occasion: Mapped[str] = mapped_column(String(60), default="")
    """Empty: all"""
    until: Mapped[datetime | None]
    reason: Mapped[bytes] = mapped_column(LargeBinary)
    """Encrypted; neither shown nor exported"""
    by_label: Mapped[str] = mapped_column(String(120), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)

    __table_args__ = (
        Index("uq_outbox_exclusion_customer_id_occasion", "customer_id", "occasion", unique=True),
        Index("uq_outbox_exclusion_contact_id_occasion", "contact_id", "occasion", unique=True),
    )
