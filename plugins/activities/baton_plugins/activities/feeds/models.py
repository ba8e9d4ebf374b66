"""Where programs read somebody's calendar."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from baton_plugins.activities.models import Base
from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.api import UtcDateTime, now


class Feed(Base):
    """One for each person. Of the secret in its address only the digest is kept."""

    __tablename__ = "activities_feed"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    auth_epoch: Mapped[int]
    """Of the account when it was made: what ends all sign-ins ends this"""
    made_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    window_start: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    reads: Mapped[int] = mapped_column(default=0)
    """Since `window_start`"""
