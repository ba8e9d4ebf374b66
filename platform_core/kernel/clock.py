"""The one place that knows what time it is. Instants are aware UTC; days are the organisation's."""

from __future__ import annotations

from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_frozen: ContextVar[datetime | None] = ContextVar("frozen", default=None)
_zone = ZoneInfo("Asia/Shanghai")


def configure(timezone: str) -> None:
    global _zone  # noqa: PLW0603  one organisation per process
    _zone = ZoneInfo(timezone)


def zone() -> ZoneInfo:
    return _zone


def now() -> datetime:
    return _frozen.get() or datetime.now(UTC)


def today() -> date:
    """The organisation's calendar day, whatever the server's or the browser's zone."""
    return now().astimezone(_zone).date()


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
