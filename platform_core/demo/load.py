"""Loading the demo: the house in one transaction, then the customers, in parts by two processes where it pays."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import nullcontext
from multiprocessing import get_context
from typing import Any

from sqlalchemy import Connection, event, inspect, select, text
from sqlalchemy.orm import Session

from platform_core.app import Runtime
from platform_core.audit import services as audit
from platform_core.contracts.demo import DemoData
from platform_core.customers.custom import indexes
from platform_core.demo import bulk, consents, establish, notices, ownfields, relations, showcase
from platform_core.demo.part import Part
from platform_core.demo.spec import SMALL, Spec
from platform_core.kernel import dictionaries
from platform_core.kernel.bulkrows import Writer
from platform_core.kernel.database import Database
from platform_core.kernel.jobs import enqueue
from platform_core.kernel.models import Counter, SettingValue
from platform_core.settings import Settings
from platform_core.users.models import User

MARK = "demo"
"""Key of the setting that says: everything in this database is invented."""
_BULK = 50_000
"""From so many customers on it pays to make the indexes afterwards."""
Progress = Callable[[int, int], None]
"""(customers written, of how many)"""


class NotADemoError(Exception):
    """The database holds people who are no part of the demo."""


def state(database: Database) -> dict[str, Any] | None:
    """What the mark says: None for a database without demo data. Raises NotADemoError where real people are."""
    with database.system_session("look for demo data", write=False) as session:
        connection = session.connection()
        tables = set(inspect(connection).get_table_names())
        if "core_setting" not in tables or "users_user" not in tables:
            return None
        mark = session.scalar(select(SettingValue.value).where(SettingValue.key == MARK))
        if mark is None and session.scalar(select(User.id).limit(1)) is not None:
            raise NotADemoError("this database holds accounts that are not the demo's: it is left alone")
    found: dict[str, Any] | None = mark
    return found


def load(
    runtime: Runtime, spec: Spec, password_hash: str, *, processes: int = 2, progress: Progress | None = None
) -> None:
    """Fill a migrated and seeded database that holds no people yet.

    A small demo is one transaction: it is there or it is not. A large one leaves the mark `loading` when it is stopped.
    """
    mark = {"customers": spec.customers, "seed": spec.seed, "at": spec.now.isoformat(), "state": "loaded"}
    if spec.customers <= SMALL:
        with runtime.database.system_session("load the demo") as session:
            write(session, runtime, spec, password_hash, mark)
        bulk.analyse(runtime.database)
        return
    with runtime.database.system_session("load the demo") as session:
        spec = _establish(session, runtime, spec, password_hash, {**mark, "state": "loading"})
    with bulk.without_indexes(runtime.database) if spec.customers >= _BULK else nullcontext():
        _write_parts(runtime, spec, processes, progress or _ignore)
    bulk.analyse(runtime.database)
    with runtime.database.system_session("the demo is loaded") as session:
        session.get_one(SettingValue, MARK).value = mark


def write(session: Session, runtime: Runtime, spec: Spec, password_hash: str, mark: dict[str, Any]) -> None:
    """Everything in the caller's transaction."""
    ready = _establish(session, runtime, spec, password_hash, mark)
    session.add_all(ownfields.rows())
    dictionaries.changed(session)
    indexes.settle_soon(session, None)
    for number in range(ready.parts):
        _write_part(session.connection(), runtime, ready, _invent(runtime, ready, number))
    notices.write(session, ready)
    relations.write(session, ready)
    consents.write(session, ready)
    enqueue(session, "customers.scan_duplicates")  # else the page would be empty until the night


def _ignore(done: int, total: int) -> None:
    return


def _establish(session: Session, runtime: Runtime, spec: Spec, password_hash: str, mark: dict[str, Any]) -> Spec:
    session.add(SettingValue(key=MARK, value=mark))
    establish.write(session, spec.house, spec.founded, password_hash)
    told_by_hand = 100  # room for the showcase in every year's numbers
    for year, count in spec.counts().items():
        session.merge(Counter(name=f"customers.code.{year}", value=count + told_by_hand))
    session.flush()  # plugins refer to departments and routes
    facts = {owner: demo.prepare(session, spec.house.for_plugins()) for owner, demo in _demos(runtime)}
    audit.record(session, None, "core.load_demo", after={"customers": spec.customers, "seed": spec.seed})
    return dataclasses.replace(spec, facts=facts)


def _demos(runtime: Runtime) -> list[tuple[str, DemoData]]:
    found = [(item.owner, item.value) for item in runtime.manager.declared.demo_data.installed()]
    return sorted(found, key=lambda item: (item[1].order, item[0]))


def _invent(runtime: Runtime, spec: Spec, number: int) -> Part:
    part = Part(spec, number, runtime.vault, runtime.settings.data_dir)
    part.invent()
    if number == 0:
        showcase.add(part)
    return part


def _write_part(connection: Connection, runtime: Runtime, spec: Spec, part: Part) -> None:
    part.flush(Writer(connection))
    for owner, demo in _demos(runtime):
        part.facts = spec.facts[owner]
        demo.load(part)


def _write_parts(runtime: Runtime, spec: Spec, processes: int, progress: Progress) -> None:
    done = 0
    if processes <= 1:
        for number in range(spec.parts):
            done += _write_committed(runtime, spec, number)
            progress(done, spec.customers)
        return
    # Spawned, not forked: a fork would share sockets, locks and the state of the generators.
    pool = ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), initializer=_start, initargs=(runtime.settings, spec)
    )
    with pool:
        for future in as_completed([pool.submit(_work, number) for number in range(spec.parts)]):
            done += future.result()
            progress(done, spec.customers)


_worker: tuple[Runtime, Spec] | None = None


def _start(settings: Settings, spec: Spec) -> None:
    global _worker  # noqa: PLW0603  what a pool's process keeps between parts
    os.nice(1)
    runtime = Runtime(settings)
    if runtime.database.is_sqlite:
        event.listen(runtime.database.engine, "connect", _wait_long)
    runtime.manager.follow(runtime.database)
    _worker = runtime, spec


def _work(number: int) -> int:
    assert _worker is not None
    return _write_committed(*_worker, number)


def _write_committed(runtime: Runtime, spec: Spec, number: int) -> int:
    part = _invent(runtime, spec, number)  # before the transaction: SQLite has one writer at a time
    with runtime.database.connection("load a part of the demo") as connection:
        if not runtime.database.is_sqlite:
            connection.execute(text("SET LOCAL synchronous_commit = off"))
        _write_part(connection, runtime, spec, part)
    return len(part.customers)


def _wait_long(connection: Any, record: Any) -> None:
    connection.execute("PRAGMA busy_timeout=300000")
