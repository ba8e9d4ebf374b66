"""Who is to be told of which plan when, and who was."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from baton_plugins.activities.models import Base
from sqlalchemy import Date, ForeignKey, Index, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.api import Identified, UtcDateTime, now

_WAITING = text("waiting")  # nosemgrep: plugin-past-the-scope  of an index over part of the rows
_ALONE = text("customer_id IS NULL")  # nosemgrep: plugin-past-the-scope  of an index over part of the rows


class Reminder(Identified, Base):
    """Somebody is to be told of a plan at `fire_at`. A plan that gets another date takes its reminders along."""

    __tablename__ = "activities_reminder"

    plan_id: Mapped[UUID] = mapped_column(ForeignKey("activities_plan.id", ondelete="CASCADE"), index=True)
    customer_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("customers_customer.id", ondelete="CASCADE"), index=True
    )
    contact_id: Mapped[UUID | None] = mapped_column(Uuid())
    """Of a plan with a contact that stands alone"""
    engagement_id: Mapped[UUID | None] = mapped_column(Uuid())
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"))
    """None: whoever has the plan then"""
    lead: Mapped[str] = mapped_column(String(5), default="")
    """How long before, such as `15m` or `1d`; empty: put off by the person to `fire_at`"""
    fire_at: Mapped[datetime]
    waiting: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (
        Index("ix_activities_reminder_due", "fire_at", postgresql_where=_WAITING, sqlite_where=_WAITING),
        Index("ix_activities_reminder_alone", "contact_id", postgresql_where=_ALONE, sqlite_where=_ALONE),
    )


class Told(Identified, Base):
    """Somebody was reminded of a plan for this moment. The key is what keeps a second worker from doing it again."""

    __tablename__ = "activities_told"

    plan_id: Mapped[UUID] = mapped_column(ForeignKey("activities_plan.id", ondelete="CASCADE"))
    customer_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("customers_customer.id", ondelete="CASCADE"), index=True
    )
    contact_id: Mapped[UUID | None] = mapped_column(Uuid())
    """Of a plan with a contact that stands alone"""
    engagement_id: Mapped[UUID | None] = mapped_column(Uuid())
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"), index=True)
    fire_at: Mapped[datetime]
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    ways: Mapped[str] = mapped_column(String(20), default="page")
    """`page`, and what else of `sms` and `mail`"""

    __table_args__ = (
        Index("uq_activities_told_plan_id_user_id_fire_at", "plan_id", "user_id", "fire_at", unique=True),
        Index("ix_activities_told_alone", "contact_id", postgresql_where=_ALONE, sqlite_where=_ALONE),
    )


class Digest(Base):
    """Somebody got the morning's overview of this day."""

    __tablename__ = "activities_digest"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(Date(), primary_key=True)
