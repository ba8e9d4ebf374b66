"""Meetings and invitations to them. What is said to a customer is a plan; a meeting names none."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from baton_plugins.activities.models import Base
from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.api import DictionaryCode, Identified, Stamped, UtcDateTime, Versioned


class Meeting(Identified, Stamped, Versioned, Base):
    """Colleagues come together. Whoever made it is invited as well, so that one table says who is there."""

    __tablename__ = "activities_meeting"

    subject: Mapped[str] = mapped_column(String(200))
    note: Mapped[str] = mapped_column(Text, default="")
    place: Mapped[str] = mapped_column(String(120), default="")
    room: Mapped[str] = mapped_column(DictionaryCode("activities.room"), default="")
    """Empty: none of the house's"""
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime())
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime())
    """The moment after; of whole days the midnight that ends them"""
    all_day: Mapped[bool] = mapped_column(default=False)
    organizer_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="RESTRICT"), index=True)
    organizer_label: Mapped[str] = mapped_column(String(120), default="")
    state: Mapped[str] = mapped_column(String(10), default="open")
    """open or cancelled"""
    remind: Mapped[str] = mapped_column(String(4), default="", server_default="")
    """How long before, see reminders.leads; empty: not at all"""
    sequence: Mapped[int] = mapped_column(default=0)
    """RFC 5545: counts every change that those invited have to know of"""

    __table_args__ = (
        Index("ix_activities_meeting_starts_at", "starts_at", "id"),
        Index("ix_activities_meeting_room_starts_at", "room", "starts_at"),
    )

    @property
    def url(self) -> str:
        return f"/calendar/meetings/{self.id}"


class Invitation(Identified, Base):
    """Somebody is asked to a meeting."""

    __tablename__ = "activities_invitation"

    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("activities_meeting.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"))
    user_label: Mapped[str] = mapped_column(String(120), default="")
    department_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_department.id", ondelete="SET NULL"))
    """Theirs at the time; its calendar shows the meeting."""
    answer: Mapped[str] = mapped_column(String(8), default="")
    """Empty: none yet; else yes, no or maybe"""
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    remind_at: Mapped[datetime | None] = mapped_column(UtcDateTime(), index=True)
    """Null once they have been reminded"""

    __table_args__ = (
        Index("uq_activities_invitation_meeting_id_user_id", "meeting_id", "user_id", unique=True),
        Index("ix_activities_invitation_user_id", "user_id", "meeting_id"),
        Index("ix_activities_invitation_department_id", "department_id", "meeting_id"),
    )


class RoomTurn(Base):
    """Whoever books a room holds its row, so that of two at once the second sees the first one's meeting."""

    __tablename__ = "activities_room_turn"

    room: Mapped[str] = mapped_column(String(60), primary_key=True, info={"codes_of": ""})
    """A code that was merged keeps its row: nobody books by it any more"""
    turns: Mapped[int] = mapped_column(default=0)
