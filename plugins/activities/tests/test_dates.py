from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from baton_plugins.activities import dates

from platform_core.kernel import clock
from platform_core.relay.workdays import services as workdays
from platform_core.relay.workdays.services import YearInput

FRIDAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("choice", "day"),
    [
        ("1d", date(2026, 11, 21)),
        ("3d", date(2026, 11, 23)),
        ("mon", date(2026, 11, 23)),
        ("30d", date(2026, 12, 20)),
    ],
)
def test_choices_count_from_the_given_day(choice, day):
    assert dates.day_of(choice, FRIDAY) == day


def test_next_monday_of_a_monday_is_a_week_away():
    assert dates.day_of("mon", date(2026, 11, 23)) == date(2026, 11, 30)


def test_working_days_are_those_of_the_house(house):
    with house.as_("manager") as (session, actor), clock.freeze(datetime(2026, 11, 20, 4, tzinfo=UTC)):
        assert dates.working_days_after(session, 3) == date(2026, 11, 25), "no Saturdays and Sundays"
        year = YearInput(hours="09:00-18:00", week=5, off="11-23..11-24 Fair", worked="11-21")
        workdays.save(session, actor, 2026, year)
        assert dates.working_days_after(session, 1) == date(2026, 11, 21), "a Saturday that is worked"
        assert dates.working_days_after(session, 3) == date(2026, 11, 26), "days off do not count"
        assert dates.working_days_after(session, 0) == FRIDAY


def test_a_day_is_past_when_it_is_over_and_a_time_when_it_has_gone_by():
    with clock.freeze(datetime(2026, 11, 20, 12, 0, tzinfo=UTC)):  # 20:00 in Shanghai
        assert not dates.on(FRIDAY).is_past
        assert dates.on(date(2026, 11, 19)).is_past
        assert dates.on(FRIDAY, "19:59").is_past
        assert not dates.on(FRIDAY, "20:01").is_past


def test_a_day_without_a_time_is_shown_as_a_day():
    assert dates.on(FRIDAY).shown == FRIDAY
    assert dates.on(FRIDAY, "09:30").shown == datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
