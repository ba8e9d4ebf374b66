"""Caps hold where a clock jumps under a running server, and where its Redis dies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.caps.limits import OPEN
from platform_core.caps.models import UserCap
from platform_core.customers.models import Customer
from platform_core.kernel.clock import freeze, now
from platform_core.testing import pytest_plugin as kit
from platform_core.testing import services
from platform_core.testing.browser import Browser
from platform_core.testing.programs import faketime
from platform_core.users.models import User
from tests.reliability.conftest import place_at
from tests.reliability.places import Place


@dataclass
class Clock:
    """That of the server alone, which reads the file again at every look."""

    file: Path

    def set(self, told: str) -> None:
        """`+1d`, `-25h`, or `@2026-10-24 22:30:00` in UTC, from which it goes on."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{told}\n")
        fresh.replace(self.file)


@dataclass
class Clerk:
    place: Place
    client: httpx.Client
    user: User
    customers: list[Customer]
    browser: Browser | None = None

    def sign_in(self, moment: datetime) -> None:
        with freeze(moment):
            self.browser = Browser(self.place.runtime, self.client).sign_in(self.user)

    def opens(self, number: int) -> int:
        assert self.browser is not None
        return self.browser.get(f"/customers/{self.customers[number].id}").status_code

    @property
    def status(self) -> str:
        return self.place.factory.read(User, self.user.id).status


def clerk(place: Place, client: httpx.Client, login: str, cap: int) -> Clerk:
    user = place.factory.user(department=place.factory.department(f"of-{login}"), login=login)
    place.factory.add(UserCap(user_id=user.id, counter=OPEN, cap=cap))
    customers = [place.factory.customer(user, name=f"{login} {number}") for number in range(5)]
    return Clerk(place, client, user, customers)


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    found = Clock(tmp_path / "clock")
    found.set("+0")
    return found


@pytest.fixture
def jumping(embedded: Place, clock: Clock) -> Iterator[tuple[Place, httpx.Client]]:
    """A server that lives by the clock, in a zone with summer time; not started yet."""
    library = faketime()
    if library is None:
        pytest.skip("no libfaketime here (apt-get install libfaketime)")
    embedded.served.environ |= {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(clock.file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
        "TZ": "UTC",
        "BATON_TIMEZONE": "Europe/Berlin",
    }
    with httpx.Client(base_url=embedded.served.url, timeout=30) as client:
        yield embedded, client


def test_a_clock_that_jumps_hands_out_no_second_quota(jumping: tuple[Place, httpx.Client], clock: Clock) -> None:
    place, client = jumping
    back, ahead = clerk(place, client, "back", 2), clerk(place, client, "ahead", 1)
    place.served.start()
    for person in (back, ahead):
        person.sign_in(now())
    assert [back.opens(0), back.opens(1), ahead.opens(0)] == [200, 200, 200]

    clock.set("-25h")
    assert back.opens(0) == 200  # counted before
    assert back.opens(2) == 403
    assert back.status == "frozen"

    clock.set("+1d")
    assert ahead.opens(1) == 303  # nobody has seen this session for a day
    ahead.sign_in(now() + timedelta(days=1))
    assert ahead.opens(1) == 200  # it is another day
    clock.set("+0")
    assert ahead.opens(2) == 403  # which does not go back
    assert ahead.status == "frozen"

    with place.runtime.database.system_session("look", write=False) as session:
        lines = session.execute(
            select(AuditEntry.id, AuditEntry.seq, AuditEntry.actor_id, AuditEntry.customer_id)
            .where(AuditEntry.action == "customers.view")
            .order_by(AuditEntry.id)
        ).all()
    wanted = [(back, 0), (back, 1), (ahead, 0), (back, 0), (ahead, 1)]
    assert [(line.actor_id, line.customer_id) for line in lines] == [
        (person.user.id, person.customers[number].id) for person, number in wanted
    ]
    place.served.stop()
    place.served.command("audit", "verify")  # raises where the trail does not hold


def test_the_day_that_has_25_hours_has_one_quota(jumping: tuple[Place, httpx.Client], clock: Clock) -> None:
    place, client = jumping
    begins = datetime(2026, 10, 24, 22, 30, tzinfo=UTC)  # 00:30 in Berlin, where the clocks go back this night
    with freeze(begins - timedelta(days=1)):
        same, later = clerk(place, client, "same", 1), clerk(place, client, "later", 1)
    clock.set(f"@{begins:%Y-%m-%d %H:%M:%S}")
    place.served.start()
    for person in (same, later):
        person.sign_in(begins)
        assert person.opens(0) == 200
    for person, ends, expected in (
        (same, begins + timedelta(hours=24), 403),  # 23:30 of the same day
        (later, begins + timedelta(hours=24, minutes=45), 200),  # 00:15 of the next
    ):
        clock.set(f"@{ends:%Y-%m-%d %H:%M:%S}")
        person.sign_in(ends)
        assert person.opens(1) == expected


def test_losing_redis_lifts_no_cap_and_loses_no_line(tmp_path: Path) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(services.postgres_server())
        ready = services.template_database(server, lambda url: kit.migrate_and_seed(url, tmp_path))
        place = stack.enter_context(place_at(stack.enter_context(services.clone_database(server, ready)), tmp_path))
        redis = stack.enter_context(services.restartable_redis())
        place.served.environ["BATON_REDIS_URL"] = redis.url
        client = stack.enter_context(httpx.Client(base_url=place.served.url, timeout=30))
        person = clerk(place, client, "carol", 3)
        place.served.start()
        person.sign_in(now())
        assert person.opens(0) == 200
        redis.kill()
        assert [person.opens(1), person.opens(2)] == [200, 200]
        assert person.opens(3) == 403
        assert person.opens(0) == 403
        assert person.status == "frozen"
        with place.runtime.database.system_session("look", write=False) as session:
            actions = session.scalars(
                select(AuditEntry.action).where(AuditEntry.actor_id == person.user.id).order_by(AuditEntry.id)
            ).all()
        assert [action for action in actions if action in {"customers.view", "caps.freeze"}] == [
            "customers.view", "customers.view", "customers.view", "caps.freeze",
        ]  # fmt: skip
