"""What many threads need at once is made by one of them; nobody waits for one that failed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Integer, func, literal, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from platform_core.app import Runtime
from platform_core.kernel import counters, single
from platform_core.kernel.scope import proven
from platform_core.kernel.single import CompiledStatements, OneAtATime

CROWD = 8
_compiled: list[int] = []


class Slowly(FunctionElement[int]):
    """Takes as long to compile as a crowd needs to gather."""

    inherit_cache = True
    type = Integer()
    name = "slowly"


@compiles(Slowly)
def _compile(element: Slowly, compiler: Any, **kw: Any) -> str:
    _compiled.append(threading.get_ident())
    time.sleep(0.2)
    return "1"


def at_once(work: Callable[[], Any]) -> list[Any]:
    gate = threading.Barrier(CROWD)

    def one(number: int) -> Any:
        gate.wait(10)
        return work()

    with ThreadPoolExecutor(CROWD) as pool:
        return list(pool.map(one, range(CROWD)))


def test_a_crowd_compiles_a_statement_once(runtime: Runtime) -> None:
    def ask() -> int:
        with runtime.database.system_session("test", write=False) as session:
            return session.scalar(select(Slowly(), literal(1)), execution_options=proven("test")) or 0

    _compiled.clear()
    assert at_once(ask) == [1] * CROWD
    assert len(_compiled) == 1


def test_nobody_waits_for_a_statement_that_did_not_compile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(single, "_PATIENCE", 0.05)
    cache = CompiledStatements(10)
    assert cache.get("key") is None  # and whoever was to put it has failed
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(cache.get, "key").result(5) is None
        began = time.monotonic()
        assert pool.submit(cache.get, "key").result(5) is None
        assert time.monotonic() - began < 0.05  # it is this thread's to make now
    cache["key"] = "made"
    assert cache.get("key") == "made"


def test_whoever_asks_twice_does_not_wait_for_themselves() -> None:
    cache = CompiledStatements(10)
    began = time.monotonic()
    assert cache.get("key") is None
    assert cache.get("key") is None
    assert time.monotonic() - began < 0.5


def test_others_work_on_other_keys_meanwhile_and_at_last_on_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(single, "_PATIENCE", 0.05)
    one, entered = OneAtATime(), []

    def work(key: str) -> None:
        with one.working_on(key):
            entered.append(key)

    with one.working_on("a"), ThreadPoolExecutor(1) as pool:
        pool.submit(work, "b").result(5)
        pool.submit(work, "a").result(5)
        began = time.monotonic()
        pool.submit(work, "a").result(5)
        assert time.monotonic() - began < 0.05  # nobody waits a second time for a lock that is not given back
    assert entered == ["b", "a", "a"]


def test_a_crowd_loads_a_kept_value_once(runtime: Runtime) -> None:
    loaded: list[int] = []

    def load(session: Any) -> int:
        loaded.append(1)
        time.sleep(0.2)
        return session.scalar(select(func.count(1)), execution_options=proven("test")) or 0

    kept = counters.Followed("test.single", load)

    def ask() -> int:
        with runtime.database.system_session("test", write=False) as session:
            return kept.get(session)

    assert at_once(ask) == [1] * CROWD
    assert len(loaded) == 1
    with runtime.database.system_session("test") as session:
        counters.bump(session, "test.single")
    at_once(ask)
    assert len(loaded) == 2
