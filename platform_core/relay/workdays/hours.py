"""Arithmetic of working time: what is a working day, and when so many working hours have gone by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from platform_core.kernel.clock import at_local, local

_FARTHEST = 3660
"""Days that are searched for a working one: no calendar leaves ten years out."""


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """`hours` are the spans of a working day, in order; `week` how many days from Monday on are worked.

    `exceptions`: day -> whether it is worked after all, as public holidays and the weekends that make up for them.
    """

    hours: tuple[tuple[time, time], ...]
    week: int = 5
    exceptions: Mapping[date, bool] = field(default_factory=dict)

    def works(self, day: date) -> bool:
        known = self.exceptions.get(day)
        return day.weekday() < self.week if known is None else known

    def after(self, start: datetime, hours: int) -> datetime:
        """The instant at which `hours` of work have gone by since `start`."""
        left, end = timedelta(hours=hours), start
        for opens, closes in self._spans(local(start).date()):
            begins = max(opens, start)
            if begins >= closes:
                continue
            if closes - begins >= left:
                return begins + left
            left, end = left - (closes - begins), closes
        return end

    def between(self, first: datetime, last: datetime) -> timedelta:
        """Working time from `first` to `last`; nothing when they are the other way round."""
        total = timedelta()
        for opens, closes in self._spans(local(first).date()):
            if opens >= last:
                break
            total += max(min(closes, last) - max(opens, first), timedelta())
        return total

    def days_after(self, start: date, count: int) -> date:
        """The working day that is `count` of them after `start`."""
        day = start
        for _number in range(_FARTHEST):
            if count <= 0:
                break
            day += timedelta(days=1)
            count -= self.works(day)
        return day

    def _spans(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        for number in range(_FARTHEST):
            found = day + timedelta(days=number)
            if self.works(found):
                for opens, closes in self.hours:
                    yield at_local(found, opens.hour, opens.minute), at_local(found, closes.hour, closes.minute)
