"""Jobs at times of day: the organisation's clock, its changes, several processes, and what was missed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from platform_core.app import Runtime
from platform_core.contracts.events import ClockTime, Job
from platform_core.kernel import clock
from platform_core.kernel.clock import freeze
from platform_core.kernel.models import JobRow, ScheduleRow
from platform_core.kernel.scheduler import Scheduler, next_time

ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Cairo")
MORNING = ClockTime(8, 30)


@pytest.fixture(autouse=True)
def zone() -> Iterator[None]:
    before = clock.zone().key
    clock.configure("Asia/Shanghai")
    yield
    clock.configure(before)


def at(text: str) -> datetime:
    """On the organisation's clock."""
    return datetime.fromisoformat(text).replace(tzinfo=clock.zone()).astimezone(UTC)


def daily(*times: ClockTime, catch_up: bool = False) -> Job:
    return Job("test.daily", lambda context: None, at=times or (MORNING,), catch_up=catch_up)


def started(runtime: Runtime, job: Job, moments: list[datetime], *, processes: int = 1) -> list[datetime]:
    """At which of these moments the job was started, once for each start."""
    schedulers = [Scheduler(runtime.database, lambda: [job]) for _ in range(processes)]
    found = []
    for moment in moments:
        with freeze(moment):
            found += [moment] * sum(scheduler.tick() for scheduler in schedulers)
    return found


def planned(runtime: Runtime, name: str = "test.daily") -> datetime:
    with runtime.database.system_session("look", write=False) as session:
        return session.get_one(ScheduleRow, name).next_run


def test_every_day_at_half_past_eight_once_over_all_processes(runtime: Runtime) -> None:
    start = at("2026-11-22T09:00")
    minutes = [start + timedelta(minutes=10 * number) for number in range(3 * 144)]
    assert started(runtime, daily(), minutes, processes=3) == [
        at("2026-11-23T08:30"), at("2026-11-24T08:30"), at("2026-11-25T08:30"),
    ]  # fmt: skip
    with runtime.database.system_session("look", write=False) as session:
        assert len(session.scalars(select(JobRow)).all()) == 3
    assert planned(runtime) == at("2026-11-26T08:30")


def test_days_of_the_week_and_several_times(runtime: Runtime) -> None:
    job = daily(ClockTime(8, 30, weekdays=(0, 3)), ClockTime(18, weekdays=(4,)))
    hours = [at("2026-11-22T00:00") + timedelta(minutes=30 * number) for number in range(7 * 48)]
    assert [clock.local(moment).strftime("%a %H:%M") for moment in started(runtime, job, hours)] == [
        "Mon 08:30", "Thu 08:30", "Fri 18:00",
    ]  # fmt: skip


def test_a_newly_installed_job_waits_for_its_time(runtime: Runtime) -> None:
    assert started(runtime, daily(catch_up=True), [at("2026-11-22T08:30"), at("2026-11-23T08:29")]) == []
    assert planned(runtime) == at("2026-11-23T08:30")


@pytest.mark.parametrize(("catch_up", "late", "runs"), [
    (False, timedelta(minutes=9), 1), (False, timedelta(minutes=11), 0), (True, timedelta(minutes=11), 1),
    (True, timedelta(days=4), 1), (False, timedelta(days=4), 0),
])  # fmt: skip
def test_what_was_missed_comes_once_or_not_at_all(runtime: Runtime, catch_up: bool, late: timedelta, runs: int) -> None:
    job = daily(catch_up=catch_up)
    due = at("2026-11-23T08:30")
    assert started(runtime, job, [due - timedelta(hours=1)]) == []
    back = due + late
    after = [back + timedelta(seconds=number) for number in range(5)]
    assert started(runtime, job, after, processes=2) == [back] * runs
    following = planned(runtime)
    assert following > back
    assert started(runtime, job, [following]) == [following], "the next time comes as ever"


def test_the_clock_put_forward_and_back(runtime: Runtime) -> None:
    clock.configure("Europe/Berlin")
    job = daily(ClockTime(2, 30))
    spring = [at("2026-03-28T12:00") + timedelta(minutes=5 * number) for number in range(12 * 30)]
    assert started(runtime, job, spring) == [datetime(2026, 3, 29, 1, 30, tzinfo=UTC)], "03:30, which 02:30 became"
    autumn = [at("2026-10-24T12:00") + timedelta(minutes=5 * number) for number in range(12 * 30)]
    with runtime.database.system_session("a summer passes") as session:
        session.get_one(ScheduleRow, job.name).next_run = at("2026-10-25T02:30")
    assert started(runtime, job, autumn) == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC)], "the first 02:30 of two"


def test_the_organisation_moves_and_the_job_gets_another_time(runtime: Runtime) -> None:
    noon = at("2026-11-22T12:00")
    assert started(runtime, daily(), [noon]) == []
    clock.configure("Europe/Berlin")
    assert started(runtime, daily(), [noon]) == []
    assert planned(runtime) == datetime(2026, 11, 22, 7, 30, tzinfo=UTC)
    assert started(runtime, daily(ClockTime(18)), [noon]) == []
    assert planned(runtime) == datetime(2026, 11, 22, 17, tzinfo=UTC)


@given(
    zone=st.sampled_from(ZONES),
    day=st.dates(date(2024, 1, 1), date(2030, 1, 1)),
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
)
def test_every_day_has_its_time_and_none_has_two(zone: str, day: date, hour: int, minute: int) -> None:
    clock.configure(zone)
    moment = clock.at_local(day, 12)
    days: list[date] = []
    for _ in range(400):
        following = next_time((ClockTime(hour, minute),), moment)
        assert following > moment
        moment = following
        wall = clock.local(moment)
        meant = datetime(wall.year, wall.month, wall.day, hour, minute, tzinfo=ZoneInfo(zone))
        if (wall.hour, wall.minute) == (hour, minute):
            days.append(wall.date())
        else:  # that hour is left out on this day (or, just before midnight, on the day before)
            shifted = meant if meant.astimezone(UTC) == moment else meant - timedelta(days=1)
            assert shifted.astimezone(UTC) == moment
            days.append(shifted.date())
    assert [later - earlier for earlier, later in pairwise(days)] == [timedelta(days=1)] * 399


@pytest.mark.parametrize(("hour", "minute", "weekdays"), [(24, 0, ()), (8, 60, ()), (8, 30, (7,)), (-1, 0, ())])
def test_senseless_times_are_refused(hour: int, minute: int, weekdays: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"must be in|are 0"):
        ClockTime(hour, minute, weekdays)


def test_a_job_has_either_a_period_or_times() -> None:
    with pytest.raises(ValueError, match="either"):
        Job("test.both", lambda context: None, every_seconds=60, at=(MORNING,))


def test_a_clock_that_is_put_back_an_hour_does_not_stop_what_runs_every_minute(runtime: Runtime) -> None:
    job = Job("test.every", lambda context: None, every_seconds=60)
    start = at("2026-11-22T09:00")
    before = [start + timedelta(seconds=60 * number) for number in range(3)]
    assert started(runtime, job, before) == before[1:]
    back = [moment - timedelta(hours=1) for moment in before]
    assert started(runtime, job, back, processes=2) == back[1:]
    assert started(runtime, job, [before[-1] + timedelta(seconds=60)]) == [before[-1] + timedelta(seconds=60)]
