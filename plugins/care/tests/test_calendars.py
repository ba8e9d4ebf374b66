"""The lunar calendar against two libraries, one that reckons by astronomy and one of the observatory's tables, and the
rules of people's dates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import cnlunar
import pytest
import sxtwl
from baton_plugins.care import calendars
from borax.calendars.lunardate import LCalendars

_DISPUTED = (date(2057, 9, 28), date(2089, 9, 4), date(2097, 8, 7))
"""New moons within three minutes of midnight: not even observatories agree in which day the month begins"""


Reckoned = tuple[int, int, int, bool]
"""Lunar year, month and day, and whether the month is an inserted one"""


def by_astronomy(day: date) -> Reckoned:
    found = sxtwl.fromSolar(day.year, day.month, day.day)
    return found.getLunarYear(), found.getLunarMonth(), found.getLunarDay(), found.isLunarLeap()


def by_tables(day: date) -> Reckoned:
    found = cnlunar.Lunar(datetime.combine(day, time(12)))
    return found.lunarYear, found.lunarMonth, found.lunarDay, found.isLunarLeapMonth


@pytest.mark.parametrize("other", [by_astronomy, by_tables])
def test_every_day_of_two_centuries_is_what_the_other_library_says(other: Callable[[date], Reckoned]) -> None:
    day, last = date(1901, 2, 19), date(2099, 12, 31)
    differing: list[date] = []
    months = 0
    while day <= last:
        found = calendars.lunar(day)
        length = LCalendars.ndays(found.year, found.month, int(found.is_leap))
        months += 1
        # Between a first and a last day on which both agree they agree on every day.
        for at in (1, length):
            one = day + timedelta(days=at - 1)
            if one <= last and (found.year, found.month, at, found.is_leap) != other(one):
                differing.append(one)
        day += timedelta(days=length)
    assert months > 2450
    beyond = [day for day in differing if not any(-1 <= (day - moon).days <= 31 for moon in _DISPUTED)]
    assert beyond == [], "beyond the disputed months"
    assert len(differing) <= 2 * len(_DISPUTED) * 2


def test_solar_terms_are_what_the_other_library_says() -> None:
    """Its numbers begin with the winter solstice, ours with the minor cold."""
    wrong = [
        (year, term)
        for year in range(1901, 2100)
        for term in range(24)
        if (day := calendars.term_day(year, term))
        and sxtwl.fromSolar(day.year, day.month, day.day).getJieQi() != (term + 1) % 24
    ]
    assert len(wrong) < 24, "a term at midnight may differ, never a rule"
    assert [pair for pair in wrong if pair[0] in range(1990, 2050)] == []


def test_a_lunar_date_is_kept_once_in_each_lunar_year_and_found_again_on_that_day() -> None:
    for month in range(1, 13):
        for day in range(1, 31):
            for year in range(2020, 2045):
                for leap in (False, True):
                    kept = calendars.lunar_day(year, month, day, leap=leap)
                    match = calendars.matching(kept)
                    assert match.lunar_year == year
                    assert match.lunar_month == month
                    assert day in match.lunar_days
                    assert leap in match.leap


@pytest.mark.parametrize(
    ("found", "day"),
    [
        (calendars.new_years_eve(2026), date(2026, 2, 16)),
        (calendars.lunar_day(2027, 1, 1), date(2027, 2, 6)),
        (calendars.lunar_day(2026, 5, 5), date(2026, 6, 19)),
        (calendars.lunar_day(2027, 9, 9), date(2027, 10, 8)),
        (calendars.nth_weekday(2026, 5, 2, 6), date(2026, 5, 10)),
        (calendars.nth_weekday(2026, 6, 3, 6), date(2026, 6, 21)),
        (calendars.nth_weekday(2026, 2, 5, 0), date(2026, 2, 23)),
        (calendars.term_day(2026, 6), date(2026, 4, 5)),
        (calendars.solar_day(2027, 2, 29), date(2027, 2, 28)),
        (calendars.lunar_day(2025, 6, 10, leap=True), date(2025, 8, 3)),
        (calendars.lunar_day(2026, 6, 10, leap=True), date(2026, 7, 23)),
    ],
)
def test_days_that_everybody_knows(found: date, day: date) -> None:
    assert found == day


def test_the_30th_of_a_short_month_is_greeted_on_the_29th() -> None:
    short = [year for year in range(2024, 2034) if LCalendars.ndays(year, 12) == 29]
    assert len(short) == 7
    assert all(30 in calendars.matching(calendars.new_years_eve(year + 1)).lunar_days for year in short)
    assert calendars.matching(date(2027, 2, 28)).solar == ((2, 28), (2, 29))
    assert calendars.matching(date(2028, 2, 28)).solar == ((2, 28),)
