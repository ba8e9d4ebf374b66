from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from baton_plugins.activities import dates

from platform_core.kernel import clock

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


def test_working_days_skip_the_week_end():
    assert dates.working_days_after(FRIDAY, 3) == date(2026, 11, 25)
    assert dates.working_days_after(date(2026, 11, 21), 1) == date(2026, 11, 23)


def test_a_day_is_past_when_it_is_over_and_a_time_when_it_has_gone_by():
    with clock.freeze(datetime(2026, 11, 20, 12, 0, tzinfo=UTC)):  # 20:00 in Shanghai
        assert not dates.on(FRIDAY).is_past
        assert dates.on(date(2026, 11, 19)).is_past
        assert dates.on(FRIDAY, "19:59").is_past
        assert not dates.on(FRIDAY, "20:01").is_past


def test_a_day_without_a_time_is_shown_as_a_day():
    assert dates.on(FRIDAY).shown == FRIDAY
    assert dates.on(FRIDAY, "09:30").shown == datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
