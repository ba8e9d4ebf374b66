"""Importing 100,000 rows into the full database: dry run and commit in a worker of its own, then taken back."""

from __future__ import annotations

import csv
import io
import multiprocessing
import os
import resource
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import select

from bench.results import Result
from bench.stands import Stand
from platform_core.app import Runtime
from platform_core.contracts.identity import Actor
from platform_core.customers.importing import files, services
from platform_core.customers.importing.columns import Options
from platform_core.customers.importing.models import ImportBatch
from platform_core.demo.tables import Names
from platform_core.permissions import actors
from platform_core.settings import Settings
from platform_core.users.models import User

_ROWS = int(os.environ.get("BENCH_IMPORT_ROWS") or 100_000)
_SECONDS = 60.0
"""For the dry run and the import together, of 100,000 rows on PostgreSQL"""
_MEGABYTES = 300.0
_HAN, _MANY = 0x4E00, 3_000
_TITLES = ("name", "contact", "mobile", "email", "city", "notes")


@dataclass(frozen=True, slots=True)
class _Upload:
    filename: str
    file: io.BytesIO


@dataclass(frozen=True, slots=True)
class _Cost:
    """Of a step: its time on the clock, processor seconds and peaks of the worker and of the process beside it."""

    seconds: float
    own: float
    beside: float
    own_megabytes: float
    beside_megabytes: float

    @property
    def megabytes(self) -> float:
        """Of the larger process; `told` says both."""
        return max(self.own_megabytes, self.beside_megabytes)

    @property
    def told(self) -> str:
        said = f"CPU {self.own:.1f} s, {self.own_megabytes:.0f} MB"
        return said + (f"; beside it {self.beside:.1f} s, {self.beside_megabytes:.0f} MB" if self.beside else "")


def measure(stand: Stand) -> Iterator[Result]:
    runtime = Runtime(stand.settings)
    runtime.follow()
    with runtime.database.system_session("benchmark: who imports", write=False) as session:
        user_id = session.scalars(select(User.id).where(User.login == "collector")).one()
        actor = actors.load_actor(session, user_id)
    assert actor is not None
    received = files.receive(runtime.database, _Upload("benchmark.csv", _table()))
    with runtime.database.actor_session(actor) as session:
        batch = services.begin(session, actor, received)
    checked = _run(
        runtime, actor, batch.id, lambda session: services.check(session, actor, batch.id, batch.mapping, Options())
    )
    committed = _run(runtime, actor, batch.id, lambda session: services.commit(session, actor, batch.id))
    with runtime.database.system_session("benchmark: what came of it", write=False) as session:
        done = session.get_one(ImportBatch, batch.id)
        detail = f"{done.imported:,} imported, {done.duplicate_rows:,} duplicates, {done.error_rows:,} errors"
    share = _ROWS / 100_000
    limit = None if stand.settings.is_sqlite else _SECONDS * share
    both, most = checked.seconds + committed.seconds, max(checked.megabytes, committed.megabytes)
    yield Result(f"{stand.name}: import, dry run of {_ROWS:,} rows", checked.seconds, "s", None, checked.told)
    yield Result(f"{stand.name}: import, commit", committed.seconds, "s", None, f"{committed.told}; {detail}")
    yield Result(f"{stand.name}: import, both", both, "s", limit)
    yield Result(f"{stand.name}: import, memory of a process", most, "MB", _MEGABYTES)
    reverted = _run(runtime, actor, batch.id, lambda session: services.revert(session, actor, batch.id))
    yield Result(f"{stand.name}: import, taken back", reverted.seconds, "s", None, reverted.told)
    runtime.close()


def _run(runtime: Runtime, actor: Actor, batch_id: UUID, act: Callable[[Any], object]) -> _Cost:
    """Start a step of the import and have a worker of its own do its job."""
    with runtime.database.actor_session(actor) as session:
        act(session)
    with runtime.database.system_session("benchmark: its job", write=False) as session:
        job_id = session.get_one(ImportBatch, batch_id).job_id
    assert job_id is not None
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as worker:
        return worker.submit(_work, runtime.settings, job_id).result()


def _work(settings: Settings, job_id: UUID) -> _Cost:
    runtime = Runtime(settings)
    runtime.follow()
    began, before = time.monotonic(), time.process_time()
    with _watched() as peaks:
        if not runtime.jobs.run(job_id):
            raise RuntimeError("the job of the import did not finish")
    seconds, own = time.monotonic() - began, time.process_time() - before
    runtime.close()
    mine, beside = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return _Cost(seconds, own, beside.ru_utime + beside.ru_stime, mine.ru_maxrss / 1024, max(peaks, default=0))


@contextmanager
def _watched() -> Iterator[list[float]]:
    """Peaks in MB of the processes that this one starts meanwhile: what `getrusage` says of them is their parent's."""
    peaks: list[float] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.3):
            for path in Path("/proc").glob("[0-9]*/status"):
                with suppress(OSError):
                    about = dict(line.split(":", 1) for line in path.read_text().splitlines() if ":" in line)
                    if int(about["PPid"]) == os.getpid() and "VmHWM" in about:
                        peaks.append(int(about["VmHWM"].split()[0]) / 1024)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield peaks
    finally:
        over.set()
        watcher.join()


def _table() -> io.BytesIO:
    """Invented companies; one in fifty has been there a moment before."""
    names, random = Names(), Random(time.time_ns())
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_TITLES)
    for number in range(_ROWS):
        company = names.company(random)
        # The full database has most names that are made up like this: two characters more make them others.
        apart = chr(_HAN + number % _MANY) + chr(_HAN + number // _MANY)
        phone = f"13900{random.randrange(10**6):06}" if number % 50 == 0 else f"1391{number:07}"
        writer.writerow(
            (apart + company.name, names.person(random).name, phone, f"m{number}@bench.example", company.place.city, "")
        )
    return io.BytesIO(text.getvalue().encode())
