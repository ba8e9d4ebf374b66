"""What scopes cost: the guard on each statement, and the statement of the list's first page under each scope."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from litestar.datastructures import MultiDict
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from bench import people
from bench.results import Result, Times
from bench.stands import Stand
from platform_core.app import Runtime
from platform_core.contracts.identity import Actor
from platform_core.customers.listing import CUSTOMERS
from platform_core.customers.models import Customer
from platform_core.kernel.scope import proven, readable
from platform_core.users.models import Department, User
from platform_core.web.lists import state
from platform_core.web.lists.reading import Reader

_ROUNDS = 200
_WARM = 10
_GUARD = 1.0
"""Milliseconds a statement: the prototype of the research took 0.16 to 0.6 on a quiet machine."""
_MERGE = 30.0
"""Milliseconds, p95, on PostgreSQL."""
_PROOF = proven("benchmark: the same condition, written out")


def measure(stand: Stand) -> Iterator[Result]:
    runtime = Runtime(stand.settings)
    runtime.follow()
    try:
        with runtime.database.system_session("benchmark: how large is it", write=False) as session:
            users, departments = (session.scalar(select(func.count()).select_from(item)) for item in (User, Department))
        for person in people.of_every_scope(runtime):
            actor = people.actor_of(runtime, person.user_id)
            size = f"{users:,} users, {departments} departments"
            yield _guard(stand, runtime, actor, person)
            yield _first_page(stand, runtime, actor, f"first page's statements, {person.scope}", size)
    finally:
        runtime.close()


def _guard(stand: Stand, runtime: Runtime, actor: Actor, person: people.Person) -> Result:
    """The same row by the same condition: found by the session's guard, or written out by hand with a proof."""
    plain = select(Customer).where(Customer.id == person.customers[0])
    guarded, bare = [], []
    with runtime.database.actor_session(actor, write=False) as session:
        policy = readable(session, Customer)
        by_hand = plain if policy is None else plain.where(policy)
        for _number in range(_WARM + _ROUNDS):  # in turn, so that both meet the same machine
            guarded.append(_one(session, plain, {}))
            bare.append(_one(session, by_hand, _PROOF))
    with_guard, without = (Times.of(found[_WARM:]) for found in (guarded, bare))
    return Result(
        f"{stand.name}: scope guard, a statement of {person.scope}", with_guard.p50 - without.p50, "ms", _GUARD,
        f"{with_guard.p50:.2f} with it, {without.p50:.2f} by hand",
    )  # fmt: skip


def _one(session: Session, statement: Select[Any], options: Any) -> float:
    session.expunge_all()
    began = time.perf_counter()
    found = session.scalars(statement, execution_options=options).one_or_none()
    took = time.perf_counter() - began
    assert found is not None
    return took


def _first_page(stand: Stand, runtime: Runtime, actor: Actor, name: str, size: str) -> Result:
    durations, plan = [], ""
    for _number in range(_WARM + _ROUNDS):
        with runtime.database.actor_session(actor, write=False) as session:
            reader = Reader(session, actor, state.read(session, actor, CUSTOMERS, MultiDict()))
            began = time.perf_counter()
            page = reader.page()
            durations.append(time.perf_counter() - began)
            assert page.rows
            plan = reader.plan
    times = Times.of(durations[_WARM:])
    limit = None if runtime.database.is_sqlite else _MERGE
    return Result(f"{stand.name}: {name}", times.p95, "ms", limit, f"p50 {times.p50:.1f}, {plan}, {size}")
