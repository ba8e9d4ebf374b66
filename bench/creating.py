"""Saving a new customer by its form, which looks for duplicates first: one after the other, and many at once."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench import clients, people, stands
from bench.clients import Call
from bench.people import Person
from bench.results import Result, Times
from bench.stands import Stand
from platform_core.app import Runtime

_P95 = 50.0
"""Milliseconds, at concurrency 1"""
_MANY = 200
_WARM = 12
_TOGETHER = 16


def measure(stand: Stand) -> Iterator[Result]:
    """They stay in the stand: some hundreds beside a million."""
    runtime = Runtime(stand.settings)
    runtime.follow()
    first, second = people.newcomer(runtime), people.newcomer(runtime)
    runtime.close()
    with stands.served(stand) as port:
        alone = Times.of(clients.alone(port, _forms(first, _MANY + _WARM), _MANY))
        busy, per_second = clients.together(port, _forms(second, _MANY), _MANY, _TOGETHER)
    crowd = Times.of(busy)
    at_once = f"{_TOGETHER} at once: p50 {crowd.p50:.0f}, p95 {crowd.p95:.0f}, {per_second:.0f}/s"
    yield Result(f"{stand.name}: create a customer: p95", alone.p95, "ms", _P95, f"p50 {alone.p50:.1f}; {at_once}")


def _forms(person: Person, many: int) -> list[Call]:
    """Names and numbers that nobody has: no two runs meet the same."""
    begun = time.time_ns() // 1000
    return [
        Call("/customers/new", person, {"name": f"Bench {number}", "phone": f"139{number % 10**8:08}"}, is_partial=True)
        for number in range(begun, begun + many)
    ]
