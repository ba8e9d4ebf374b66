"""Daily caps: how fast numbers are revealed under the count, and whether 800 attempts at once get exactly the cap."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from bench.guard import scratch
from bench.results import Result
from bench.stands import Stand
from platform_core.app import Runtime
from platform_core.caps import counting
from platform_core.caps.limits import OPEN, REVEAL
from platform_core.caps.models import UserCap
from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import Frozen
from platform_core.kernel.ids import new_id
from platform_core.testing.factories import Factory
from platform_core.users.models import User

_AT_ONCE = 16
_ATTEMPTS = 800
_CAP = 100
_REVEAL = 20.0
"""Milliseconds, all workers together: 50 a second. 2,000 people who reveal 80 numbers each in eight hours need 6."""


def measure(stand: Stand) -> Iterator[Result]:
    with scratch(stand, "caps") as runtime:
        factory = Factory(runtime)
        thief, clerks = factory.user(), [factory.user() for _number in range(_AT_ONCE)]
        _attempt(runtime, _actor(factory, clerks[0], 10 * _ATTEMPTS), 20)  # statements are made once
        granted, seconds = _together(runtime, [_actor(factory, thief, _CAP)] * _AT_ONCE)
        yield Result(
            f"{stand.name}: {_ATTEMPTS} attempts at once to reveal, granted beyond the cap of {_CAP}",
            abs(granted - _CAP), "", 0.0, f"{granted} granted, {_ATTEMPTS / seconds:,.0f} attempts/s",
        )  # fmt: skip
        actors = [_actor(factory, clerk, 10 * _ATTEMPTS) for clerk in clerks]
        granted, seconds = _together(runtime, actors)
        yield Result(
            f"{stand.name}: a reveal, {_AT_ONCE} people at once", seconds / granted * 1000, "ms", _REVEAL,
            f"{granted / seconds:,.0f} reveals/s",
        )  # fmt: skip


def _actor(factory: Factory, user: User, cap: int) -> Actor:
    for counter in (OPEN, REVEAL):
        factory.add(UserCap(user_id=user.id, counter=counter, cap=cap))
    return factory.actor(user)


def _together(runtime: Runtime, actors: list[Actor]) -> tuple[int, float]:
    """(granted, seconds) of all attempts, each of another customer, spread over a thread for each actor."""
    start = threading.Barrier(len(actors))

    def work(actor: Actor) -> int:
        start.wait()
        return _attempt(runtime, actor, _ATTEMPTS // len(actors))

    began = time.monotonic()
    with ThreadPoolExecutor(len(actors)) as pool:
        granted = sum(pool.map(work, actors))
    return granted, time.monotonic() - began


def _attempt(runtime: Runtime, actor: Actor, times: int) -> int:
    """How many of so many were granted: each a request's transaction, counted as opened and as revealed."""
    granted = 0
    for _number in range(times):
        customer_id = new_id()
        try:
            with runtime.database.actor_session(actor) as session:
                for counter in (OPEN, REVEAL):
                    counting.count(session, actor, customer_id, counter)
        except Frozen:
            continue
        granted += 1
    return granted
