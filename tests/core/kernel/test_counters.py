"""Counters that several count at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from platform_core.kernel import counters


def test_those_who_come_first_at_the_same_moment_count_one_after_the_other(runtime):
    together = threading.Barrier(6)

    def count(number: int) -> list[int]:
        found = []
        for name in ("codes.2031", "codes.2032", "codes.2033"):
            together.wait()
            with runtime.database.system_session("count") as session:
                found.append(counters.bump(session, name, 1 + number % 2))
        return found

    with ThreadPoolExecutor(6) as pool:
        rounds = list(pool.map(count, range(6)))
    for values in zip(*rounds, strict=True):
        assert len(set(values)) == 6
        assert max(values) == 9
