"""That somebody was urged, how often, and when they answered."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from baton_plugins.activities.models import Base
from sqlalchemy import ForeignKey, Index, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.api import Identified, UtcDateTime, now

_OPEN = text("answered_at IS NULL")  # nosemgrep: plugin-past-the-scope  of an index over part of the rows


class Urge(Identified, Base):
    """One for each business and person until it is answered; urging again counts up."""

    __tablename__ = "activities_urge"

    kind: Mapped[str] = mapped_column(String(20), info={"codes_of": ""})
    """plan, customer, engagement or opportunity"""
    record_id: Mapped[UUID] = mapped_column(Uuid())
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"), index=True)
    engagement_id: Mapped[UUID | None] = mapped_column(Uuid())
    from_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"))
    from_label: Mapped[str] = mapped_column(String(120), default="")
    to_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"))
    to_label: Mapped[str] = mapped_column(String(120), default="")
    department_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_department.id", ondelete="SET NULL"))
    text: Mapped[str] = mapped_column(String(500), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    """First urged"""
    count: Mapped[int] = mapped_column(default=1)
    answer_by: Mapped[datetime]
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    answer: Mapped[str] = mapped_column(String(1000), default="")
    escalated_at: Mapped[datetime | None] = mapped_column(UtcDateTime())

    __table_args__ = (
        Index("uq_activities_urge_open", "record_id", "to_id", unique=True, postgresql_where=_OPEN, sqlite_where=_OPEN),
        Index("ix_activities_urge_to_id_at", "to_id", "at"),
        Index("ix_activities_urge_answer_by", "answer_by", postgresql_where=_OPEN, sqlite_where=_OPEN),
    )
