"""Pairs of records that may be the same customer."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.customers.models import Base
from platform_core.kernel.clock import now
from platform_core.kernel.model import Identified
from platform_core.kernel.types import Json, UtcDateTime

OPEN, APART = "open", "apart"


class DuplicatePair(Identified, Base):
    """`first_id` is the smaller of the two ids. What people set apart stays apart in later scans."""

    __tablename__ = "customers_duplicate_pair"

    first_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"))
    second_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"), index=True)
    score: Mapped[int]
    """0 to 100 (`rules.score`)"""
    reasons: Mapped[list[str]] = mapped_column(Json, default=list)
    """Codes of `rules.WORDS`, what weighs most first."""
    state: Mapped[str] = mapped_column(String(10), default=OPEN)
    """open or apart"""
    scanned_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    """When a scan found it last. Open pairs that the latest scan did not find are taken out."""
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    decided_by: Mapped[UUID | None] = mapped_column(Uuid())
    decided_label: Mapped[str] = mapped_column(String(120), default="")

    __table_args__ = (
        UniqueConstraint("first_id", "second_id", name="uq_customers_duplicate_pair_first_id_second_id"),
        Index("ix_customers_duplicate_pair_state_score", "state", "score", "id"),
    )
