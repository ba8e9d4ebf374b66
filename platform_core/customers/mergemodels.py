"""What is left of customers that were merged or erased, and of lines whose plugin was purged."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.customers.models import Base
from platform_core.kernel.clock import now
from platform_core.kernel.model import Identified
from platform_core.kernel.types import UtcDateTime


class Merge(Identified, Base):
    """One customer has become part of another. The merged record stays, hidden: its code and address lead on."""

    __tablename__ = "customers_merge"

    kept_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"), index=True)
    other_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    by_id: Mapped[UUID | None] = mapped_column(Uuid())
    by_label: Mapped[str] = mapped_column(String(120), default="")
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    payload: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    """Encrypted JSON of `unmerging.Trace`: what the way back needs. Empty once it is closed."""


class Erasure(Base):
    """A customer whose person was erased. The row of the customer stays, without saying whom it spoke of."""

    __tablename__ = "customers_erasure"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    by_id: Mapped[UUID | None] = mapped_column(Uuid())
    by_label: Mapped[str] = mapped_column(String(120), default="")
    reason: Mapped[str] = mapped_column(Text, default="")


class KeptLine(Identified, Base):
    """A line of the timeline whose own row was dropped with its plugin: who did what when, without the content."""

    __tablename__ = "customers_kept_line"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"))
    engagement_id: Mapped[UUID | None] = mapped_column(Uuid())
    owner: Mapped[str] = mapped_column(String(60))
    source: Mapped[str] = mapped_column(String(80))
    """The table that held the row; the words for it are in core_owner."""
    at: Mapped[datetime] = mapped_column(UtcDateTime())
    who: Mapped[str] = mapped_column(String(120), default="")
    department: Mapped[str] = mapped_column(String(80), default="")

    __table_args__ = (Index("ix_customers_kept_line_customer_id_at", "customer_id", "at", "id"),)
