"""Days that are an exception from the house's week."""

from __future__ import annotations

from datetime import date

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.relay.models import Base


class CalendarDay(Base):
    """A working day on which nobody works, or a day at the weekend that is worked."""

    __tablename__ = "relay_calendar_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    works: Mapped[bool]
    label: Mapped[str] = mapped_column(String(60), default="")
