"""Questions that go along with a colleague's call, and requests to do a plan for somebody."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from baton_plugins.activities.models import Base
from sqlalchemy import ForeignKey, Index, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.api import Identified, UtcDateTime, now

_ASKED = text("state = 'asked'")  # nosemgrep: plugin-past-the-scope  of an index over part of the rows


class Question(Identified, Base):
    """What somebody wants to have asked in a call that a colleague has planned. Answered by the call's result."""

    __tablename__ = "activities_question"

    plan_id: Mapped[UUID] = mapped_column(ForeignKey("activities_plan.id", ondelete="CASCADE"), index=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"), index=True)
    engagement_id: Mapped[UUID | None] = mapped_column(Uuid())
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"))
    user_label: Mapped[str] = mapped_column(String(120), default="")
    text: Mapped[str] = mapped_column(String(500))
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    follow_up_id: Mapped[UUID | None] = mapped_column(Uuid())
    """The result; none where the call was cancelled"""

    __table_args__ = (Index("ix_activities_question_user_id_at", "user_id", "at"),)


class Assistance(Identified, Base):
    """Somebody asks a colleague to take over a plan. The result goes back to everybody along the way."""

    __tablename__ = "activities_assistance"

    plan_id: Mapped[UUID] = mapped_column(ForeignKey("activities_plan.id", ondelete="CASCADE"), index=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"), index=True)
    engagement_id: Mapped[UUID | None] = mapped_column(Uuid())
    from_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"))
    from_label: Mapped[str] = mapped_column(String(120), default="")
    to_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"))
    to_label: Mapped[str] = mapped_column(String(120), default="")
    note: Mapped[str] = mapped_column(String(500), default="")
    state: Mapped[str] = mapped_column(String(10), default="asked")
    """asked, accepted, declined, withdrawn, done or cancelled"""
    reason: Mapped[str] = mapped_column(String(500), default="")
    """Why it was declined"""
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    follow_up_id: Mapped[UUID | None] = mapped_column(Uuid())

    __table_args__ = (
        Index("uq_activities_assistance_asked", "plan_id", unique=True, postgresql_where=_ASKED, sqlite_where=_ASKED),
        Index("ix_activities_assistance_to_id_state_at", "to_id", "state", "at"),
        Index("ix_activities_assistance_from_id_at", "from_id", "at"),
    )
