"""The one place that knows what time it is. Instants are aware UTC; days are the organisation's."""

from __future__ import annotations

from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_frozen: ContextVar[datetime | None] = ContextVar("frozen", default=None)
_zone = ZoneInfo("Asia/Shanghai")
_NO_DAY = datetime.max.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), date.max
_day = _NO_DAY
"""When the day began and ends that was asked for last, and which it is."""


def configure(timezone: str) -> None:
    global _zone, _day  # noqa: PLW0603  one organisation per process
    _zone = ZoneInfo(timezone)
    _day = _NO_DAY


def zone() -> ZoneInfo:
    return _zone


def now() -> datetime:
    return _frozen.get() or datetime.now(UTC)


def today() -> date:
    """The organisation's calendar day, whatever the server's or the browser's zone."""
    global _day  # noqa: PLW0603  a list asks a hundred times which day it is
    moment = now()
    begins, ends, day = _day
    if begins <= moment < ends:
        return day
    day = local(moment).date()
    _day = day_start(day), day_start(day + timedelta(days=1)), day
    return day


def local(moment: datetime) -> datetime:
    return moment.astimezone(_zone)


def day_start(day: date) -> datetime:
    """The instant at which the organisation's `day` begins, in UTC."""
    return datetime.combine(day, time(), _zone).astimezone(UTC)


def at_local(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), _zone).astimezone(UTC)


def next_weekday(day: date, weekday: int) -> date:
    """The first `weekday` (Monday is 0) after `day`."""
    return day + timedelta(days=(weekday - day.weekday() - 1) % 7 + 1)


class freeze:  # noqa: N801  reads as a statement: `with freeze(moment):`
    """Hold the clock at `moment` within a block; for tests and for replaying history."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def __enter__(self) -> datetime:
        self._token = _frozen.set(self.moment)
        return self.moment

    def __exit__(self, *exc: object) -> None:
        _frozen.reset(self._token)
