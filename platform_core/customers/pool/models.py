"""Every way of a customer into the pool and out of it, so that whoever takes it knows where it has been."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, ForeignKey, Index, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.customers.models import Base
from platform_core.kernel.clock import now, today
from platform_core.kernel.model import Identified
from platform_core.kernel.types import DictionaryCode, UtcDateTime


class PoolMove(Identified, Base):
    __tablename__ = "customers_pool_move"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"))
    act: Mapped[str] = mapped_column(String(10))
    """claim, release, recycle (by the rules), warn (that the rules will), convert (a lead became a customer), revert"""
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    day: Mapped[date] = mapped_column(Date(), default=today)
    """The house's day, by which claims are counted."""
    by_id: Mapped[UUID | None] = mapped_column(Uuid())
    by_label: Mapped[str] = mapped_column(String(120), default="")
    from_id: Mapped[UUID | None] = mapped_column(Uuid())
    """Whose it was."""
    from_label: Mapped[str] = mapped_column(String(120), default="")
    reason: Mapped[str] = mapped_column(DictionaryCode("customers.release_reason"), default="")
    note: Mapped[str] = mapped_column(String(500), default="")

    __table_args__ = (
        Index("ix_customers_pool_move_customer_id_at", "customer_id", "at"),
        Index("ix_customers_pool_move_by_id_day", "by_id", "day", "act"),
    )
