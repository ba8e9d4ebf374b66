"""The audit trail: lines written by many at once, with and without sealing beside them; sealing; verifying."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sqlalchemy import create_engine, func, insert, make_url, select, text

from bench.results import Result
from bench.stands import Stand
from platform_core import install
from platform_core.app import Runtime
from platform_core.audit import digests, sealing, services, verifying
from platform_core.audit.models import AuditEntry
from platform_core.contracts.entities import EntityRef
from platform_core.kernel.clock import now
from platform_core.kernel.ids import new_id

_WRITERS = 16
_SECONDS = 8.0
_LINES = 100_000
_WRITE = 2.5
"""Milliseconds a line, all writers together: 400 a second. 2,000 people who open 150 customers a day need 3.5."""
_VERIFY = 50.0
"""Microseconds a line: 20,000 a second, so that a month of these people (9 million) is verified in eight minutes."""
_SEAL = 100.0


def measure(stand: Stand) -> Iterator[Result]:
    with scratch(stand, "audit") as runtime:
        alone = _written(runtime, sealed=False)
        beside = _written(runtime, sealed=True)
        for name, rate in (("", alone), (", sealing without a pause meanwhile", beside)):
            yield Result(
                f"{stand.name}: audit, a line{name}", 1000 / rate, "ms", _WRITE, f"{rate:,.0f} lines/s, 16 writers"
            )
        _fill(runtime)
        began = time.monotonic()
        sealed = sealing.seal(runtime.database, most=10_000, patience=60)
        each = (time.monotonic() - began) / sealed.lines
        yield Result(f"{stand.name}: audit, sealing a line", each * 1e6, "µs", _SEAL, f"{1 / each:,.0f} lines/s")
        began = time.monotonic()
        with runtime.database.system_session("bench", write=False) as session:
            report = verifying.verify(session, runtime.vault)
        if not report.ok or report.waiting:
            raise RuntimeError(f"the trail does not fit its seals: {report.findings[:3]}, {report.waiting} wait")
        each = (time.monotonic() - began) / report.lines
        detail = f"{1 / each:,.0f} lines/s, {report.lines:,} lines"
        yield Result(f"{stand.name}: audit, verifying a line", each * 1e6, "µs", _VERIFY, detail)


@contextmanager
def scratch(stand: Stand, part: str) -> Iterator[Runtime]:
    """A database of its own on the same server: nobody else's trail grows by it."""
    name = f"baton_bench_{part}"
    with tempfile.TemporaryDirectory(prefix=f"baton-{part}-") as folder:
        url = f"sqlite:///{Path(folder) / 'baton.sqlite3'}"
        place = make_url(stand.settings.database_url)
        if not stand.settings.is_sqlite:
            url = place.set(database=name).render_as_string(hide_password=False)
            _sql(place.set(database="postgres").render_as_string(hide_password=False), name, create=True)
        settings = replace(
            stand.settings, database_url=url, data_dir=Path(folder), secret_file=Path(folder) / "secret.json"
        )
        runtime = Runtime(settings)
        runtime.migrate()
        install.seed(runtime)
        runtime.follow()
        try:
            yield runtime
        finally:
            runtime.close()
            if not stand.settings.is_sqlite:
                _sql(place.set(database="postgres").render_as_string(hide_password=False), name, create=False)


def _sql(url: str, name: str, *, create: bool) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        if create:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
    engine.dispose()


def _written(runtime: Runtime, *, sealed: bool) -> float:
    """Lines a second, each in a transaction of its own, as a page writes its one."""
    stop = threading.Event()
    counts = [0] * _WRITERS

    def write(number: int) -> None:
        ref = EntityRef("customers", "customer", new_id(), "A customer of the house")
        while not stop.is_set():
            with runtime.database.system_session("bench") as session:
                services.record(session, None, "customers.view", ref, customer_id=ref.id)
            counts[number] += 1

    def seal() -> None:
        while not stop.is_set():
            sealing.seal(runtime.database)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(_WRITERS)]
    threads += [threading.Thread(target=seal)] if sealed else []
    began = time.monotonic()
    for thread in threads:
        thread.start()
    stop.wait(_SECONDS)
    stop.set()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.monotonic() - began)


def _fill(runtime: Runtime) -> None:
    """Lines with before and after, many at once: only their number matters here."""
    changes = {"city": "Qingdao", "status": "interested", "remark": "wants a course for twelve people in spring"}
    with runtime.database.system_session("bench") as session:
        first = (session.scalar(select(func.max(AuditEntry.seq))) or 0) + 1
        for start in range(first, first + _LINES, 5000):
            session.execute(insert(AuditEntry), [_line(number, changes) for number in range(start, start + 5000)])


def _line(number: int, changes: dict[str, str]) -> dict[str, object]:
    return {
        "id": new_id(), "seq": number, "at": now(), "action": "customers.update", "entity": "customers/customer",
        "entity_id": new_id(), "entity_label": "A customer of the house", "customer_id": new_id(), "actor_id": new_id(),
        "actor_label": "Somebody", "ip": "10.0.0.1", "before": {"city": "Jinan"}, "after": changes,
        "salt": digests.new_salt(),
    }  # fmt: skip
