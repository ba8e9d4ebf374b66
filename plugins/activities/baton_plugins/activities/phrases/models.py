"""A phrase, and how often somebody takes it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from baton_plugins.activities.models import Base
from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.api import EntityRef, Identified, Stamped, UtcDateTime, Versioned, now, sharing


class Phrase(sharing.Shared, Identified, Stamped, Versioned, Base):
    """A text with places to fill, about no customer."""

    __tablename__ = "activities_phrase"

    name: Mapped[str] = mapped_column(String(40))
    """What is typed to find it"""
    text: Mapped[str] = mapped_column(Text)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    """Kept for the way back."""

    __table_args__ = (Index("ix_activities_phrase_reach", "reach"),)

    @property
    def ref(self) -> EntityRef:
        return EntityRef("activities", "phrase", self.id, self.name)


class PhraseUse(Base):
    """What somebody takes often stands first for them."""

    __tablename__ = "activities_phrase_use"

    phrase_id: Mapped[UUID] = mapped_column(ForeignKey("activities_phrase.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"), primary_key=True, index=True)
    times: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
