"""Signals over real sockets: two web processes with a Redis that dies and comes back, and one process without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from platform_core.testing import pytest_plugin as kit
from platform_core.testing import services
from platform_core.testing.browser import Browser
from platform_core.testing.serving import Served
from platform_core.testing.streams import Stream, Streams
from platform_core.testing.waiting import wait_until
from platform_core.users.models import Department, User
from platform_core.web import live
from tests.reliability.conftest import place_at
from tests.reliability.places import Place

MANY = 120
PEOPLE = 60
SECOND = 1.0
SLACK = 1000
"""Milliseconds, more than what is told twice to be sure"""


@dataclass
class Pair:
    """Two web processes of one house."""

    place: Place
    other: Served
    redis: services.RestartableServer

    def hand_over(self) -> int:
        """By the first process; returns the status. The receiver is told."""
        with self.place.program() as client:
            return self.place.act(client, self.place.baton(), "offer").status_code


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with services.restartable_postgres() as postgres, services.restartable_redis() as redis:
        kit.migrate_and_seed(postgres.url, tmp_path)
        with place_at(postgres.url, tmp_path) as place:
            place.served.environ["BATON_REDIS_URL"] = redis.url
            other = Served(tmp_path, dict(place.served.environ))
            place.served.start()
            other.start()
            try:
                yield Pair(place, other, redis)
            finally:
                other.kill()


@pytest.fixture
def elsewhere(pair: Pair) -> Iterator[Streams]:
    """Streams of the second process."""
    with closing(_Closed(pair.other.port)) as streams:
        yield streams


class _Closed(Streams):
    def close(self) -> None:
        self.stop()


def cookie_of(place: Place, user: User) -> str:
    return Browser(place.runtime, httpx.Client()).sign_in(user).cookie


def hears(stream: Stream, kind: str, count: int = 1) -> None:
    wait_until(lambda: stream.kinds().count(kind) >= count)


def test_what_one_process_does_the_other_tells(pair: Pair, elsewhere: Streams) -> None:
    cookie = cookie_of(pair.place, pair.place.receiver)
    stream = elsewhere.open(cookie)
    bystander = elsewhere.open(cookie_of(pair.place, pair.place.sender))
    assert stream.status == 200
    assert stream.head["content-type"].startswith("text/event-stream")
    assert stream.head["x-accel-buffering"] == "no"
    assert stream.head["cache-control"] == "no-store"
    assert "content-encoding" not in stream.head, "a proxy and a compressor would hold it back"
    assert pair.hand_over() == 200
    hears(stream, "notify")
    assert bystander.kinds() == []

    # A proxy drops the line; what was said meanwhile is told as soon as it is there again, on either process.
    last = stream.heard[-1].id
    elsewhere.shut(stream)
    assert pair.hand_over() == 200
    hears(elsewhere.open(cookie, last=last), "notify")
    with closing(_Closed(pair.place.served.port)) as first:
        hears(first.open(cookie, path=f"/live?since={last}"), "notify")
    away = elsewhere.open(cookie, last="1")
    hears(away, "again")
    now = int(away.heard[-1].id) + SLACK
    wait_until(lambda: live.moment() > now)
    assert elsewhere.open(cookie, last=str(now)).kinds() == []


def test_redis_dies_and_comes_back(pair: Pair, elsewhere: Streams) -> None:
    stream = elsewhere.open(cookie_of(pair.place, pair.place.receiver))
    pair.redis.kill()
    assert pair.hand_over() == 200, "nobody's work waits for signals"
    pair.redis.start()
    hears(stream, "again")
    assert pair.hand_over() == 200
    hears(stream, "notify")


def test_the_end_of_a_sign_in_ends_its_stream_wherever_that_is(pair: Pair, elsewhere: Streams) -> None:
    user = pair.place.receiver
    with pair.place.browser(user) as browser:
        mine, other = elsewhere.open(browser.cookie), elsewhere.open(cookie_of(pair.place, user))
        assert browser.post("/logout", {}).status_code == 303
        wait_until(lambda: mine.ended)
        assert not other.ended
        assert elsewhere.open(browser.cookie).status == 401
    assert pair.hand_over() == 200
    hears(other, "notify")


def test_one_process_alone_tells_many(embedded: Place) -> None:
    """The small form of `make bench ONLY=streams`: a hand-over to a department that everybody works for."""
    embedded.served.environ["BATON_SESSION_MOST"] = str(MANY)
    department = embedded.factory.read(Department, embedded.receiver.department_id)
    colleagues = [embedded.factory.user(department=department) for _number in range(PEOPLE - 1)]
    people = [embedded.receiver, *colleagues]
    embedded.served.start()
    cookies = [cookie_of(embedded, person) for person in people for _number in range(MANY // PEOPLE)]
    with closing(_Closed(embedded.served.port)) as streams, embedded.program() as client:
        opened = [streams.opening(cookie) for cookie in cookies]
        wait_until(lambda: all(stream.status for stream in opened))
        assert {stream.status for stream in opened} == {200}
        answered = embedded.act(client, embedded.baton(), "offer")
        assert answered.status_code == 200
        wait_until(lambda: all("notify" in stream.kinds() for stream in opened))
        arrivals = [stream.heard[0].at for stream in opened]
    assert max(arrivals) - min(arrivals) <= SECOND
    assert all(stream.ended for stream in opened)
