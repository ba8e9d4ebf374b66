"""Days of the Chinese and the common calendar: which solar day a rule means, and which dates meet on a solar day.

A lunar date belongs to a lunar year: one in the twelfth month falls once, twice or never in a common year. Whoever
was born on the 30th is greeted on the 29th of a month without one, whoever was born in a leap month in the ordinary one
of years without it, and on 28 February who was born on the 29th.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from borax.calendars.lunardate import LCalendars, LunarDate, TermUtils

FIRST, LAST = 1901, 2099
"""Lunar years in which days are known"""
KNOWN = date(1901, 2, 19)
"""The first day of the first of them"""
_FEBRUARY = 2


@dataclass(frozen=True, slots=True)
class Lunar:
    year: int
    month: int
    day: int
    is_leap: bool
    """The month is an inserted one"""
    ends: bool
    """The last day of its month"""


def lunar(day: date) -> Lunar:
    found = LunarDate.from_solar_date(day.year, day.month, day.day)
    length = LCalendars.ndays(found.year, found.month, found.leap)
    return Lunar(found.year, found.month, found.day, bool(found.leap), found.day == length)


def lunar_day(year: int, month: int, day: int, *, leap: bool = False) -> date:
    """Where a date of the lunar calendar is kept in the lunar `year`. `leap`: born in an inserted month."""
    inserted = leap and LCalendars.leap_month(year) == month
    length = LCalendars.ndays(year, month, inserted)
    found: date = LunarDate(year, month, min(day, length), int(inserted)).to_solar_date()
    return found


def solar_day(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def nth_weekday(year: int, month: int, number: int, weekday: int) -> date:
    """`number` from 1, `weekday` 0 is Monday. The last one where the month has fewer."""
    first = date(year, month, 1)
    found = first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))
    return found if found.month == month else found - timedelta(days=7)


def term_day(year: int, term: int) -> date:
    """`term` 0 is the minor cold in January, 6 clear brightness, 23 the winter solstice."""
    found: date = TermUtils.nth_term_day(year, term)
    return found


def new_years_eve(year: int) -> date:
    """The day before the first of the lunar `year`, whether its month has 29 days or 30."""
    return lunar_day(year, 1, 1) - timedelta(days=1)


def holiday(kind: str, given: Mapping[str, Any], year: int) -> date:
    """The day of a holiday's rule in the common `year` (lunar rules: in the lunar one that begins in it)."""
    if kind == "fixed":
        return solar_day(year, given["month"], given["day"])
    if kind == "nth":
        return nth_weekday(year, given["month"], given["number"], given["weekday"])
    if kind == "lunar":
        return lunar_day(year, given["month"], given["day"])
    if kind == "eve":
        return new_years_eve(year)
    return term_day(year, given["term"])


@dataclass(frozen=True, slots=True)
class Match:
    """Dates as people have them that are kept on one solar day; of either calendar several days may be meant."""

    day: date
    solar: tuple[tuple[int, int], ...]
    """(month, day)"""
    lunar_month: int
    lunar_days: tuple[int, ...]
    leap: tuple[bool, ...]
    """Who is meant: born in an ordinary month, born in an inserted one"""
    lunar_year: int


def matching(day: date) -> Match:
    solar = [(day.month, day.day)]
    if (day.month, day.day) == (_FEBRUARY, 28) and not calendar.isleap(day.year):
        solar.append((_FEBRUARY, 29))
    found = lunar(day)
    days = (29, 30) if found.ends and found.day == 29 else (found.day,)
    has_inserted = LCalendars.leap_month(found.year) == found.month
    leap = (True,) if found.is_leap else (False,) if has_inserted else (False, True)
    return Match(day, tuple(solar), found.month, days, leap, found.year)
