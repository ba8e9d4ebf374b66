"""Days as conditions name them: a date, or a word such as `today` that means another day tomorrow."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

from platform_core.kernel.clock import today
from platform_core.kernel.i18n import translator

_ = translator("web")
Span = tuple[date, date]
"""First day, and the day after the last."""


def _days(start: int, length: int = 1) -> Callable[[date], Span]:
    return lambda day: (day + timedelta(start), day + timedelta(start + length))


def _week(offset: int) -> Callable[[date], Span]:
    def span(day: date) -> Span:
        monday = day - timedelta(day.weekday()) + timedelta(weeks=offset)
        return monday, monday + timedelta(7)

    return span


def _month(offset: int) -> Callable[[date], Span]:
    def span(day: date) -> Span:
        count = day.year * 12 + day.month - 1 + offset
        return date(count // 12, count % 12 + 1, 1), date((count + 1) // 12, (count + 1) % 12 + 1, 1)

    return span


WORDS: dict[str, tuple[str, Callable[[date], Span]]] = {
    "today": (_.lazy("today"), _days(0)),
    "tomorrow": (_.lazy("tomorrow"), _days(1)),
    "yesterday": (_.lazy("yesterday"), _days(-1)),
    "this-week": (_.lazy("this week"), _week(0)),
    "next-week": (_.lazy("next week"), _week(1)),
    "last-week": (_.lazy("last week"), _week(-1)),
    "this-month": (_.lazy("this month"), _month(0)),
    "last-month": (_.lazy("last month"), _month(-1)),
    "last-7": (_.lazy("the last 7 days"), _days(-6, 7)),
    "last-30": (_.lazy("the last 30 days"), _days(-29, 30)),
    "last-90": (_.lazy("the last 90 days"), _days(-89, 90)),
    "next-7": (_.lazy("the next 7 days"), _days(0, 7)),
}


_COUNTED = re.compile(r"(last|next)-([1-9][0-9]{0,3})")
"""So many days up to today, or from today on; both include it."""
COUNTS = {
    "last": _.lazy("the last … days"),
    "next": _.lazy("the next … days"),
}


def counted(value: str) -> tuple[str, int] | None:
    """(`last` or `next`, how many days), for what is not a word of its own."""
    found = None if value in WORDS else _COUNTED.fullmatch(value)
    return (found[1], int(found[2])) if found else None


def span(value: str) -> Span:
    """Raises ValueError for what is neither a word, nor a number of days, nor a date that has days beside it."""
    if value in WORDS:
        return WORDS[value][1](today())
    if found := counted(value):
        which, number = found
        return (_days(1 - number, number) if which == "last" else _days(0, number))(today())
    day = date.fromisoformat(value)
    if not date.min < day < date.max:  # where their days begin and end lies outside of what can be counted
        raise ValueError(value)
    return day, day + timedelta(1)


def label(value: str) -> str:
    if found := counted(value):
        which, number = found
        if which == "last":
            return _.ngettext("the last %(num)d day", "the last %(num)d days", number)
        return _.ngettext("the next %(num)d day", "the next %(num)d days", number)
    return str(WORDS[value][0]) if value in WORDS else value
