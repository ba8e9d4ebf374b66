"""Which days a view shows, and where its arrows lead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from platform_core.api import translator

_ = translator("activities")
DAY, WEEK, MONTH = "day", "week", "month"
FIRST, LAST = date(1970, 1, 1), date(2199, 12, 31)
"""What a day may be asked for: the arrows of the outermost days still lead to days."""
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Span:
    """`on`: the day that was asked for; `first` to `last`: whole weeks, except of a single day."""

    view: str
    on: date
    first: date
    last: date

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]

    @property
    def before(self) -> date:
        if self.view == MONTH:
            return (self.on.replace(day=1) - timedelta(days=1)).replace(day=1)
        return self.on - (_WEEK if self.view == WEEK else timedelta(days=1))

    @property
    def after(self) -> date:
        if self.view == MONTH:
            return _next_month(self.on)
        return self.on + (_WEEK if self.view == WEEK else timedelta(days=1))


def span(view: str, on: date) -> Span:
    """Weeks begin on Monday."""
    if view == DAY:
        return Span(view, on, on, on)
    first = last = on
    if view == MONTH:
        first, last = on.replace(day=1), _next_month(on) - timedelta(days=1)
    monday = first - timedelta(days=first.weekday())
    return Span(view, on, monday, last + timedelta(days=6 - last.weekday()))


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def views() -> list[tuple[str, str, str]]:
    """View, its key, its label."""
    return [(DAY, "d", _.pgettext("view", "Day")), (WEEK, "w", _("Week")), (MONTH, "m", _("Month"))]


def weekdays() -> list[str]:
    """From Monday on."""
    return [_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")]
