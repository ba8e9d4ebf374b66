"""How long before a plan people are reminded, and which moment that is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from platform_core.api import at_local, local, translator

_ = translator("activities")
Lead = Literal["0m", "10m", "15m", "30m", "1h", "2h", "1d", "2d", "7d"]
LEADS: tuple[Lead, ...] = ("0m", "10m", "15m", "30m", "1h", "2h", "1d", "2d", "7d")
MORNING = 9
"""The hour at which people are reminded of a plan without a time."""


def fires_at(due: datetime, lead: str, *, all_day: bool) -> datetime:
    """Days are the organisation's: a day before ten is ten, also where the clocks change in between.

    Of a plan without a time it is the morning, of the day itself for minutes and hours.
    """
    count, unit = int(lead[:-1]), lead[-1]
    moment = local(due)
    if unit == "d":
        day = moment.date() - timedelta(days=count)
        return at_local(day, MORNING) if all_day else at_local(day, moment.hour, moment.minute)
    if all_day:
        return at_local(moment.date(), MORNING)
    return due - (timedelta(hours=count) if unit == "h" else timedelta(minutes=count))


def label(lead: str) -> str:
    count, unit = int(lead[:-1]), lead[-1]
    if not count:
        return _("at the time")
    if unit == "m":
        return _.ngettext("%(num)s minute before", "%(num)s minutes before", count)
    if unit == "h":
        return _.ngettext("%(num)s hour before", "%(num)s hours before", count)
    return _.ngettext("%(num)s day before", "%(num)s days before", count)


def choices(leads: Sequence[str] = LEADS) -> list[tuple[str, str]]:
    return [(lead, label(lead)) for lead in leads]
