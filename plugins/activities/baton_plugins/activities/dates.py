"""When the next plan is due: the rules behind "tomorrow", "in 3 days" and "next Monday"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from platform_core.api import Session, at_local, local, next_weekday, now, today, work_calendar

DAY_ENDS = 18
"""The hour, in the organisation's zone, by which a plan without a time should be done."""


@dataclass(frozen=True, slots=True)
class Due:
    at: datetime
    all_day: bool

    @property
    def is_past(self) -> bool:
        """A whole day is past when it is over, a time when it has gone by."""
        return local(self.at).date() < today() if self.all_day else self.at < now()

    @property
    def shown(self) -> datetime | date:
        """For the template filters `due` and `due_tone`, which tell days from instants."""
        return local(self.at).date() if self.all_day else self.at


def on(day: date, time: str = "") -> Due:
    """`time` is HH:MM in the organisation's zone, or "" for any time that day."""
    if not time:
        return Due(at_local(day, DAY_ENDS), all_day=True)
    hour, _colon, minute = time.partition(":")
    return Due(at_local(day, int(hour), int(minute)), all_day=False)


def day_of(choice: str, start: date) -> date:
    """The day of `mon` (the next Monday after `start`) or of a number of days such as `3d`."""
    return next_weekday(start, 0) if choice == "mon" else start + timedelta(days=int(choice.removesuffix("d")))


def working_days_after(session: Session, count: int) -> date:
    """The working day that is `count` of them after today, by the calendar of the house."""
    return work_calendar(session, now()).days_after(today(), count)
