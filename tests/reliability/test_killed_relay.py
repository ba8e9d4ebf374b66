"""A server killed at any moment of hand-overs, take-overs and follow-ups leaves each of them done or not begun.

An undisturbed baton is looked at after each act, with every row that any table holds of it. After a kill every baton must
look like one of these pictures, and after the same requests were sent again exactly like the last one.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable

import httpx
from sqlalchemy.exc import OperationalError

from platform_core.testing.services import RestartableServer
from platform_core.testing.waiting import wait_until
from tests.reliability.places import Baton, Place

CLIENTS = 4
BATONS = 10
BUSY_SECONDS = 0.6
"""About as long as the clients need for all batons."""
STAGES = ("opened", "offer", "accept", "finish")


def pictures(place: Place) -> dict[str, str]:
    """How a baton looks after each act -> its name."""
    baton = place.baton()
    with place.program() as client:
        seen = [place.state(baton), *(place.state(baton) for _act in place.pass_on(client, baton))]
    assert len(set(seen)) == len(STAGES)
    return dict(zip(seen, STAGES, strict=True))


def work_until_killed(place: Place, batons: list[Baton], kill: Callable[[], None], chance: random.Random) -> int:
    """Returns how many clients were cut off in the middle of a request."""
    cut: list[int] = []
    started = threading.Event()

    def client(number: int) -> None:
        with place.program() as program:
            try:
                for baton in batons[number::CLIENTS]:
                    for _act in place.pass_on(program, baton):
                        started.set()
            except (httpx.TransportError, OperationalError):
                cut.append(number)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    wait_until(started.is_set)
    threading.Event().wait(chance.uniform(0, BUSY_SECONDS))
    kill()
    for thread in threads:
        thread.join()
    return len(cut)


def kill_and_check(
    place: Place, rounds: int, kill: Callable[[], None], restart: Callable[[], None], seed: int
) -> Counter[str]:
    chance = random.Random(seed)
    place.served.start()
    known = pictures(place)
    found: Counter[str] = Counter()
    cut = 0
    for _round in range(rounds):
        batons = [place.baton() for _ in range(BATONS)]
        cut += work_until_killed(place, batons, kill, chance)
        restart()
        for baton in batons:
            state = place.state(baton)
            assert state in known, state
            found[known[state]] += 1
        with place.program() as client:
            for baton in batons:
                assert list(place.pass_on(client, baton)) == list(STAGES[1:])
                assert known[place.state(baton)] == STAGES[-1]
    assert cut >= rounds, "killed when nobody was at work"
    return found


def test_a_killed_server_leaves_no_half_act(embedded: Place) -> None:
    found = kill_and_check(embedded, 3, embedded.served.kill, embedded.served.start, seed=2)
    assert len(found) >= 3, found


def test_a_power_cut_of_server_and_database_leaves_no_half_act(durable: tuple[Place, RestartableServer]) -> None:
    place, postgres = durable

    def kill() -> None:
        place.served.kill()
        postgres.kill()

    def restart() -> None:
        postgres.start()
        place.runtime.database.dispose()  # our own connections went with it
        place.served.start()

    found = kill_and_check(place, 2, kill, restart, seed=3)
    assert len(found) >= 2, found
