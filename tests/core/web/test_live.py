"""The hub of signals: what a browser that comes back is told, whose streams end, what a slow one gets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from platform_core.app import Runtime
from platform_core.contracts.events import Job
from platform_core.kernel.jobs import JobContext, JobRunner, enqueue
from platform_core.kernel.signals import signal, signal_all
from platform_core.permissions.actors import load_actor
from platform_core.testing.factories import Factory
from platform_core.web import live
from platform_core.web.live import Hub

ANN, BEN = uuid4(), uuid4()
HERE, THERE = uuid4(), uuid4()
"""Sign-in sessions of Ann"""


def with_hub(play: Callable[[Hub], Awaitable[None]]) -> None:
    async def run() -> None:
        hub = Hub(None)
        hub.start(asyncio.get_running_loop())
        await play(hub)

    asyncio.run(run())


async def listening(stream: AsyncIterator[dict[str, Any]]) -> asyncio.Task[dict[str, Any]]:
    """The next signal; the stream is open when this returns."""
    task = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    return task


async def delivered() -> None:
    """What was handed to the loop has been put into the queues."""
    await asyncio.sleep(0)


def test_a_signal_reaches_those_that_it_is_for() -> None:
    async def play(hub: Hub) -> None:
        ann = await listening(hub.stream(ANN, HERE, 0))
        ben = await listening(hub.stream(BEN, None, 0))
        hub.send([ANN], "job", "42")
        got = await ann
        assert (got["event"], got["data"]) == ("job", "42")
        assert not ben.done()
        hub.send([ANN, BEN], "notify")
        assert (await ben)["event"] == "notify"

    with_hub(play)


def test_what_was_missed_is_told_and_nothing_else() -> None:
    async def play(hub: Hub) -> None:
        drawn = live.moment()
        hub.send([BEN], "notify")
        hub.send([ANN], "job", "1")
        await delivered()
        again = hub.stream(ANN, HERE, drawn)
        got = await anext(again)
        assert (got["event"], got["data"]) == ("job", "1")
        nothing = await listening(again)
        hub.send([ANN], "call")
        assert (await nothing)["event"] == "call"

    with_hub(play)


@pytest.mark.parametrize("since", [1, live.moment() + 3_600_000], ids=["before it began", "of a clock put back"])
def test_who_was_away_for_too_long_looks_at_everything(since: int) -> None:
    async def play(hub: Hub) -> None:
        assert (await anext(hub.stream(ANN, HERE, since)))["event"] == "again"

    with_hub(play)


def test_what_is_forgotten_makes_one_look_at_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play(hub: Hub) -> None:
        drawn = live.moment()
        monkeypatch.setattr(live, "_REMEMBERED", 3)
        monkeypatch.setattr(live, "_SLACK_MS", -1000)
        for _number in range(5):
            hub.send([BEN], "notify")
        await delivered()
        assert (await anext(hub.stream(ANN, HERE, drawn)))["event"] == "again"

    with_hub(play)


def test_a_browser_that_takes_nothing_looks_at_everything_and_still_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play(hub: Hub) -> None:
        monkeypatch.setattr(live, "_BACKLOG", 3)
        stream = hub.stream(ANN, HERE, 0)
        first = await listening(stream)
        for number in range(9):
            hub.send([ANN], "job", str(number))
        hub.send([ANN], "ended")
        await delivered()
        kinds = [(await first)["event"], *[one["event"] async for one in stream]]
        assert "again" in kinds
        assert len(kinds) <= 4

    with_hub(play)


def test_only_the_stream_of_the_session_that_ended_ends() -> None:
    async def play(hub: Hub) -> None:
        here, there = hub.stream(ANN, HERE, 0), hub.stream(ANN, THERE, 0)
        ends, stays = await listening(here), await listening(there)
        hub.send([ANN], "ended", HERE.hex)
        with pytest.raises(StopAsyncIteration):
            await ends
        hub.send([ANN], "notify")
        assert (await stays)["event"] == "notify"
        ends = await listening(there)
        hub.send([ANN], "ended")
        with pytest.raises(StopAsyncIteration):
            await ends
        assert hub._streams == {}

    with_hub(play)


def test_one_browser_too_many_takes_the_place_of_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play(hub: Hub) -> None:
        monkeypatch.setattr(live, "_STREAMS_PER_USER", 2)
        first, second, third = [await listening(hub.stream(ANN, HERE, 0)) for _number in range(3)]
        with pytest.raises(StopAsyncIteration):
            await first
        hub.send([ANN], "notify")
        assert [(await one)["event"] for one in (second, third)] == ["notify", "notify"]

    with_hub(play)


def test_a_line_that_says_nothing_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play(hub: Hub) -> None:
        monkeypatch.setattr(live, "_PING_SECONDS", 0.01)
        got = await anext(hub.stream(ANN, HERE, 0))
        assert (got["event"], got["id"]) == ("ping", pytest.approx(live.moment(), abs=5_000))

    with_hub(play)


def test_many_people_are_one_message(
    runtime: Runtime, factory: Factory, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[Any, ...]] = []
    monkeypatch.setattr("platform_core.kernel.signals._send", [lambda *said: sent.append(said)])
    signal_all(session, [ANN, BEN], "notify")
    signal_all(session, [], "notify")
    signal(session, ANN, "call", "7")
    session.commit()
    assert sent == [((ANN, BEN), "notify", ""), ((ANN,), "call", "7")]


def test_whoever_started_a_job_hears_of_its_progress_and_of_its_end(
    runtime: Runtime, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(context: JobContext) -> None:
        with runtime.database.system_session("test") as session:
            context.progress(session, 1, 2)

    user, sent = factory.user(), list[tuple[Any, ...]]()
    runner = JobRunner(runtime.database, {"test.half": Job("test.half", half)}.get, load_actor)
    with runtime.database.system_session("test") as session:
        mine, nobodys = (enqueue(session, "test.half", user_id=who) for who in (user.id, None))
    monkeypatch.setattr("platform_core.kernel.signals._send", [lambda *said: sent.append(said)])
    assert runner.run(mine)
    assert runner.run(nobodys)
    assert sent == [((user.id,), "job", str(mine))] * 2
