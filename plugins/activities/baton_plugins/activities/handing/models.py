"""Packages as they were sent: written once, never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from baton_plugins.activities.models import Base
from sqlalchemy import ForeignKey, Index, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.api import Identified, Json, UtcDateTime, now


class SentPackage(Identified, Base):
    """What went along when an engagement was handed to a department."""

    __tablename__ = "activities_package"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"), index=True)
    engagement_id: Mapped[UUID] = mapped_column(Uuid())
    leg_id: Mapped[UUID] = mapped_column(Uuid())
    """The receiving department's"""
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    by_label: Mapped[str] = mapped_column(String(120), default="")
    department_label: Mapped[str] = mapped_column(String(80), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    said: Mapped[str] = mapped_column(Text, default="")
    promised: Mapped[str] = mapped_column(Text, default="")
    plans: Mapped[list[Any]] = mapped_column(Json, default=list)
    """[{"id", "subject", "due_at", "all_day", "who"}, …] as they stood"""
    files: Mapped[list[Any]] = mapped_column(Json, default=list)
    """Ids of attachments; names are asked of the rows, within the reader's rights"""

    __table_args__ = (Index("ix_activities_package_leg_id_at", "leg_id", "at"),)
