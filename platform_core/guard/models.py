"""Rules as they are set, alerts, and which customers are bait."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from platform_core.kernel.clock import now
from platform_core.kernel.model import COLUMN_TYPES, METADATA, Identified
from platform_core.kernel.types import UtcDateTime


class Base(DeclarativeBase):
    metadata = METADATA
    type_annotation_map = COLUMN_TYPES


class RuleSetting(Base):
    """A rule as somebody has set it; without a row it is as it comes."""

    __tablename__ = "guard_rule"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    enabled: Mapped[bool] = mapped_column(default=True)
    threshold: Mapped[int]
    minutes: Mapped[int]


class Alert(Identified, Base):
    """Somebody did what a rule describes, or touched bait. No foreign keys: it outlives account and customer."""

    __tablename__ = "guard_alert"

    rule: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[UUID] = mapped_column(Uuid())
    user_label: Mapped[str] = mapped_column(String(120))
    since: Mapped[datetime]
    """Where the lines behind it begin"""
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    number: Mapped[int]
    """What was measured, the most of it"""
    threshold: Mapped[int]
    minutes: Mapped[int]
    customer_id: Mapped[UUID | None] = mapped_column(Uuid())
    action: Mapped[str] = mapped_column(String(80), default="")
    """What was done to bait first"""
    state: Mapped[str] = mapped_column(String(10), default="new")
    """new, looked, false"""
    decided_by: Mapped[str] = mapped_column(String(120), default="")
    decided_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(String(500), default="")

    __table_args__ = (
        Index("ix_guard_alert_user_id", "user_id", "rule", "last_at"),
        Index("ix_guard_alert_at", "at"),
    )


class Canary(Base):
    """A customer that exists to be touched by nobody. Nothing on the customer itself says so."""

    __tablename__ = "guard_canary"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"), primary_key=True)
    owner_id: Mapped[UUID | None] = mapped_column(Uuid())
    """Who may open it without an alert: they find it among their own"""
    made_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    made_by: Mapped[str] = mapped_column(String(120), default="")
    note: Mapped[str] = mapped_column(String(500), default="")
