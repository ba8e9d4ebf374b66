"""First page of the customer list, search, customer page: server time for every scope, and against the bare minimum."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from litestar.testing import TestClient

from bench import clients, narrowed, people, raw, stands
from bench.clients import Call
from bench.people import Person
from bench.results import Result, Times
from bench.stands import Stand
from platform_core.app import Runtime

P95 = 50.0
"""Milliseconds, at concurrency 1."""
RATIO = 6.0
"""Median of the page over (median of its statements by the bare driver + median of /healthz)."""
_REQUESTS = 200
_TOGETHER = 16
_PAGES_IN_RAW = 8
_ROUNDS = 12

Calls = Mapping[str, list[Call]]
"""Name of a series -> the requests to take in turn."""


def lists(_runtime: Runtime, person: Person) -> Calls:
    return {"list": [Call("/customers", person)]}


def narrowed_lists(runtime: Runtime, person: Person) -> Calls:
    """Lists with each kind of condition, in each order, and deep down."""
    with runtime.database.system_session("benchmark: what may be asked for", write=False) as session:
        found = {f"list, {kind}": paths for kind, paths in narrowed.by_condition(session).items()}
    actor = people.actor_of(runtime, person.user_id)
    with runtime.database.actor_session(actor, write=False) as session:
        found |= {"list, each order": narrowed.in_order(), "list, deep down": narrowed.deep(session)}
    return {series: [Call(path, person) for path in paths] for series, paths in found.items()}


def searches(_runtime: Runtime, person: Person) -> Calls:
    return {
        f"search {kind}": [Call("/search", person, {"q": term}, is_partial=True) for term in terms]
        for kind, terms in person.terms.items()
    }


def details(_runtime: Runtime, person: Person) -> Calls:
    return {"customer": [Call(f"/customers/{customer_id}", person) for customer_id in person.customers]}


def desks(_runtime: Runtime, person: Person) -> Calls:
    """What staff have open all day, and the list of everybody's plans."""
    pages = {"workbench": "/", "all plans": "/plans/all"}
    return {name: [Call(path, person)] for name, path in pages.items()}


def months(_runtime: Runtime, person: Person) -> Calls:
    """Everybody's plans in one department, of the month in which most of them stand."""
    if person.department is None:
        return {}
    return {"department's month": [Call(f"/calendar?view=month&department={person.department}", person)]}


def happenings(_runtime: Runtime, person: Person) -> Calls:
    """Everything that happened: as it opens, of one person, of one person's customers, and with a word in it."""
    narrowed = {
        "": "",
        " of a person": "?person=me",
        " of an owner": "?owner=me",
        " with a word": "?words=%E8%AF%BE%E7%A8%8B",
    }
    return {f"tracking{name}": [Call(f"/tracking{query}", person)] for name, query in narrowed.items()}


SERIES: Mapping[str, Callable[[Runtime, Person], Calls]] = {
    "list": lists,
    "narrowed": narrowed_lists,
    "search": searches,
    "customer": details,
    "desk": desks,
    "month": months,
    "tracking": happenings,
}


@dataclass(frozen=True, slots=True)
class _Bench:
    """A stand with a server on `port` and the application in this process."""

    stand: Stand
    runtime: Runtime
    client: TestClient[Any]
    port: int

    def bare(self) -> float:
        """Seconds of the floor's handler, asked beside each page: machines are not equally quick for minutes."""
        return median(clients.alone(self.port, [Call("/healthz")], _REQUESTS))


def measure(stand: Stand, names: list[str]) -> Iterator[Result]:
    """Figures of the named series of pages on one stand."""
    runtime = Runtime(stand.settings)
    runtime.follow()
    persons = people.of_every_scope(runtime)
    with stands.served(stand) as port, raw.in_process(runtime) as client:
        bench = _Bench(stand, runtime, client, port)
        yield Result(f"{stand.name}: /healthz", bench.bare() * 1000, "ms", detail="the bare handler")
        for person in persons:
            for name in names:
                for series, calls in SERIES[name](runtime, person).items():
                    if calls:
                        detail = f"sees {person.sees:,}{'+' if person.sees == people.MANY else ''}"
                        yield from _figures(bench, f"{series}, {person.scope}", calls, detail)


def _figures(bench: _Bench, name: str, calls: list[Call], seen: str) -> Iterator[Result]:
    pages = [raw.captured(bench.runtime, bench.client, call) for call in calls[:_PAGES_IN_RAW]]
    floor = median(raw.timed(bench.runtime, pages, _ROUNDS))
    bare = bench.bare()
    alone = clients.alone(bench.port, calls, _REQUESTS)
    times = Times.of(alone)
    busy, per_second = clients.together(bench.port, calls, _REQUESTS, _TOGETHER)
    crowd = Times.of(busy)
    statements = max(len(page) for page in pages)
    label = f"{bench.stand.name}: {name}"
    at_once = f"{_TOGETHER} at once: p50 {crowd.p50:.0f}, p95 {crowd.p95:.0f}, {per_second:.0f}/s"
    yield Result(f"{label}: p95", times.p95, "ms", P95, f"p50 {times.p50:.1f}; {seen}; {at_once}")
    ratio = median(alone) / (floor + bare)
    parts = f"{statements} statements, {floor * 1000:.2f} ms raw + {bare * 1000:.2f} ms bare"
    yield Result(f"{label}: ratio", ratio, "x", RATIO, parts)
