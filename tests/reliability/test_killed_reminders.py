"""Reminders while workers are killed and the clock jumps: everybody is told of each plan once."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from baton_plugins.activities.models import Plan
from baton_plugins.activities.reminders import sweep
from baton_plugins.activities.reminders.models import Reminder, Told
from sqlalchemy import func, select, update

from platform_core.app import Runtime
from platform_core.kernel import clock
from platform_core.kernel.clock import now
from platform_core.kernel.ids import new_id
from platform_core.kernel.jobs import JobContext, enqueue
from platform_core.kernel.models import JobRow, ScheduleRow
from platform_core.testing.factories import Factory
from platform_core.testing.programs import faketime
from platform_core.testing.waiting import wait_until
from platform_core.users.models import Notification
from tests.reliability.places import Place
from tests.reliability.test_caps_elsewhere import Clock
from tests.reliability.victims import victims_of

FEW = 3
"""Plans of each person: fewer than are put into one line"""
EVERY = 2
"""It dies at every second statement or commit: each transaction has two at least"""


def planned(factory: Factory, people: int, fire_at: datetime) -> int:
    """That many people with a customer and a few plans of each; returns how many reminders there are."""
    department = factory.department()
    for _number in range(people):
        user = factory.user(department=department)
        customer = factory.customer(user)
        given = {"customer_id": customer.id, "assignee_id": user.id, "subject": "Call", "due_at": fire_at}
        plans = [Plan(**given) for _number in range(FEW)]
        factory.add(*plans)
        factory.add(*(Reminder(plan_id=plan.id, customer_id=customer.id, lead="0m", fire_at=fire_at) for plan in plans))
    return people * FEW


def told(runtime: Runtime) -> int:
    """How many were told of; lines under the bell agree, and nobody was told twice."""
    with runtime.database.system_session("look", write=False) as session:
        urls = session.execute(select(Notification.user_id, Notification.url).where(Notification.icon == "alarm")).all()
        written = session.execute(select(Told.user_id, Told.plan_id)).all()
    seen = Counter((user_id, url.rpartition("=")[2]) for user_id, url in urls)
    assert set(seen.values()) <= {1}
    assert {(user_id, str(plan_id)) for user_id, plan_id in written} >= set(seen)
    return len(seen)


@pytest.mark.any_database
def test_killed_at_any_statement_nobody_is_told_twice(runtime: Runtime, factory: Factory) -> None:
    wanted = planned(factory, 2, now() - timedelta(minutes=1))
    with runtime.database.system_session("test") as session:
        job_id = enqueue(session, "activities.remind")
    statement, seen = 1, set()
    with victims_of(runtime.settings.database_url, runtime.settings.data_dir) as victims:
        while victims.run(statement, str(job_id)):
            seen.add(told(runtime))
            with runtime.database.system_session("ten minutes pass") as session:
                session.execute(
                    update(JobRow).where(JobRow.state == "running").values(lease_until=now() - timedelta(seconds=1))
                )
            statement += EVERY
    assert told(runtime) == wanted
    assert seen == {0, wanted}, "those of one transaction together"
    assert statement > 10


@pytest.mark.any_database
def test_the_hour_that_comes_twice_gives_nothing_twice_and_leaves_nothing_out(
    runtime: Runtime, factory: Factory
) -> None:
    """The small form of `make bench ONLY=reminders`: 100,000 of them."""
    before = clock.zone().key
    clock.configure("Europe/Berlin")
    try:
        twice = datetime(2027, 10, 31, 0, 59, tzinfo=UTC), datetime(2027, 10, 31, 1, 59, tzinfo=UTC)
        assert {clock.local(moment).strftime("%H:%M") for moment in twice} == {"02:59"}
        early, late = (planned(factory, 2, moment) for moment in twice)
        expected = [(-60, 0), (1, early), (31, early), (-59, early), (60, early + late), (1, early + late)]
        for minutes, wanted in expected:
            with clock.freeze(twice[0] + timedelta(minutes=minutes)):
                sweep.remind(JobContext(runtime.database, new_id(), {}, 1, timedelta(minutes=10), None))
            assert told(runtime) == wanted, minutes
    finally:
        clock.configure(before)


@pytest.fixture
def clocked(embedded: Place, tmp_path: Path) -> tuple[Place, Clock]:
    """A server with its scheduler and its workers, living by a clock of its own in a zone with summer time."""
    library = faketime()
    if library is None:
        pytest.skip("no libfaketime here (apt-get install libfaketime)")
    clock = Clock(tmp_path / "clock")
    clock.set("+0")
    embedded.served.environ |= {
        "LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(clock.file), "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1", "TZ": "UTC",
        "BATON_TIMEZONE": "Europe/Berlin",
    }  # fmt: skip
    return embedded, clock


def test_a_killed_server_and_a_clock_that_jumps_an_hour(clocked: tuple[Place, Clock]) -> None:
    place, clock = clocked
    ahead = planned(place.factory, 24, now() + timedelta(minutes=30))
    place.served.start()
    wait_until(lambda: _next_run(place.runtime))
    clock.set("+1h")  # half an hour is left out: what was due in it comes late, not never
    wait_until(lambda: told(place.runtime) > 0)
    place.served.kill()
    clock.set("+3660")
    place.served.start()
    wait_until(lambda: told(place.runtime) == ahead)

    clock.set("+0")  # the hour comes a second time: nothing of it again, and nobody waits for its end
    again = planned(place.factory, 2, now())
    wait_until(lambda: (_next_run(place.runtime) or now()) < now() + timedelta(minutes=1))
    clock.set("+16")
    wait_until(lambda: told(place.runtime) == ahead + again)
    with place.runtime.database.system_session("look", write=False) as session:
        assert session.scalar(select(func.count()).where(Reminder.waiting)) == 0


def _next_run(runtime: Runtime) -> datetime | None:
    with runtime.database.system_session("look", write=False) as session:
        return session.scalar(select(ScheduleRow.next_run).where(ScheduleRow.job == "activities.remind"))
