"""Many rows, cancelling, failing, and being killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from platform_core.app import Runtime
from platform_core.audit.models import AuditEntry
from platform_core.customers.importing import running, writing
from platform_core.customers.importing.drafting import Asked, Draft, Drafter
from platform_core.customers.importing.models import ImportRow
from platform_core.customers.models import ContactPoint, Customer, StatusChange
from platform_core.customers.searchmodel import SearchRow
from platform_core.kernel.broker import WakeUps
from platform_core.kernel.clock import freeze, now
from platform_core.kernel.models import JobRow
from platform_core.testing.browser import Browser
from platform_core.testing.factories import Factory
from platform_core.testing.queries import QueryCounter
from platform_core.users.models import Notification
from tests.core.customers.importing.conftest import TITLES, Collector, csv_text, row

ROOT = Path(__file__).resolve().parents[4]


def many(count: int) -> bytes:
    """Different companies with different numbers; every hundredth row is faulty, every fiftieth a duplicate."""
    rows = []
    for place in range(count):
        phone = f"13{place % 10}{place // 10:08}"
        name = f"{'甲乙丙丁戊己庚辛'[place % 8]}{place}商贸有限公司"
        if place % 100 == 99:
            phone = "12"
        elif place % 50 == 49:
            name = f"{'甲乙丙丁戊己庚辛'[(place - 1) % 8]}{place - 1}商贸有限公司"
        rows.append(row(客户名称=name, 手机=phone, 邮箱=f"m{place}@a.example", 微信=""))
    return csv_text(TITLES, rows).encode("gb18030")


def numbers(runtime: Runtime, *models: Any) -> list[int]:
    with runtime.database.system_session("test") as session:
        return [session.scalar(select(func.count()).select_from(model)) or 0 for model in models]


def job_of(collector: Collector) -> JobRow:
    with collector.runtime.database.system_session("test") as session:
        return session.get_one(JobRow, collector.batch.job_id)


def wait_until(condition: Callable[[], bool], seconds: float = 240) -> None:
    until = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < until, "waited too long"
        pause.wait(0.02)


def test_thousands_of_rows(collector: Collector, record_property: Callable[[str, object], None]) -> None:
    rows = 1_000 if collector.runtime.database.is_sqlite else 5_000
    good = rows * 98 // 100
    started = time.process_time()
    collector.upload(many(rows), "many.csv")
    uploaded = time.process_time()
    batch = collector.check()
    checked = time.process_time()
    assert (batch.total, batch.new_rows, batch.duplicate_rows) == (rows, good, rows // 100)
    assert batch.error_rows == rows // 100
    batch = collector.commit()
    committed = time.process_time()
    assert (batch.imported, batch.skipped) == (good, rows // 100)
    assert numbers(collector.runtime, Customer, SearchRow, StatusChange) == [good] * 3
    assert numbers(collector.runtime, ContactPoint) == [2 * good]
    assert len({customer.code for customer in collector.customers()}) == good
    with collector.runtime.database.system_session("test") as session:
        slices = session.scalars(select(AuditEntry).where(AuditEntry.action == "customers.import")).all()
        news = session.scalars(select(Notification).where(Notification.user_id == collector.user.id)).all()
    assert sum(len(entry.ids) for entry in slices) == good
    assert [item.parameters["count"] for item in news] == [good]
    assert (job_of(collector).done, job_of(collector).total) == (good, good)
    for name, seconds in (
        ("upload", uploaded - started),
        ("check", checked - uploaded),
        ("commit", committed - checked),
    ):
        record_property(name, round(seconds, 2))
    assert committed - started < rows / 250, "processor seconds, so that a busy machine changes little"


def test_memory_does_not_grow_with_the_table(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "SLICE", 50)
    peaks = []
    for count in (200, 800):
        collector.upload(many(count).replace("商贸".encode("gb18030"), f"商贸{count}".encode("gb18030")), "many.csv")
        collector.check(duplicates="import")
        assert collector.act("commit").status_code == 303
        tracemalloc.start()
        collector.run()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5


def test_stopping_leaves_whole_slices_and_can_go_on(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, factory: Factory
) -> None:
    monkeypatch.setattr(running, "SLICE", 50)
    collector.upload(many(400), "many.csv")
    collector.check()
    collector.act("commit")
    save = writing.save
    slices: list[int] = []

    def save_and_stop(session: Any, drafts: Any) -> Any:
        slices.append(len(drafts))
        return save(session, drafts)

    monkeypatch.setattr(writing, "save", save_and_stop)
    stopped = threading.Event()

    def drafts(drafter: Drafter, asked: Asked) -> list[Draft]:
        if len(slices) >= 3 and not stopped.is_set():  # the slice before may be written meanwhile
            stopped.set()
            assert collector.act("cancel").status_code == 303
        return original(drafter, asked)

    original = Drafter.drafts
    monkeypatch.setattr(Drafter, "drafts", drafts)
    collector.run()
    batch = collector.batch
    # On PostgreSQL the next slice is prepared, and stopped here, while the one before is written.
    assert 3 <= len(slices) <= 4
    assert (batch.state, batch.imported, job_of(collector).state) == ("cancelled", sum(slices), "cancelled")
    assert numbers(collector.runtime, Customer) == [sum(slices)]
    assert "The import was stopped." in collector.page()
    batch = collector.commit()
    assert (batch.state, batch.imported) == ("done", 392)
    assert numbers(collector.runtime, Customer) == [392]


def test_stopping_the_check_leads_back_to_the_columns(collector: Collector) -> None:
    collector.upload(many(20), "many.csv")
    data = {f"column-{place}": key for place, key in enumerate(collector.batch.mapping)}
    collector.act("mapping", duplicates="skip", kind="organisation", **data)
    assert collector.act("cancel").status_code == 303
    assert collector.batch.state == "uploaded"
    assert not collector.run()
    assert collector.check().state == "checked"


def test_an_old_job_that_wakes_up_changes_nothing(collector: Collector) -> None:
    collector.upload(many(20), "many.csv")
    collector.check()
    old = collector.batch.job_id
    assert old is not None
    collector.check(kind="person")
    with collector.runtime.database.system_session("test") as session:
        session.get_one(JobRow, old).state = "pending"
    before = collector.batch.updated_at
    assert collector.runtime.jobs.run(old)
    assert (collector.batch.state, collector.batch.updated_at) == ("checked", before)


def test_a_lost_file_is_said_and_the_work_can_be_tried_again(collector: Collector) -> None:
    collector.upload(many(20), "many.csv")
    path = collector.runtime.settings.data_dir / "uploads" / collector.batch.stored_as
    hidden = path.rename(path.with_suffix(".hidden"))
    collector.check()
    assert job_of(collector).state == "failed"
    page = collector.page()
    assert "The uploaded file is no longer here." in page
    hidden.rename(path)
    assert collector.act("retry").status_code == 303
    collector.run()
    assert collector.batch.state == "checked"


def test_rights_are_those_of_the_moment(collector: Collector, factory: Factory) -> None:
    from platform_core.kernel import counters
    from platform_core.permissions import actors
    from platform_core.permissions.models import RoleAssignment

    collector.upload(many(20), "many.csv")
    collector.check()
    collector.act("commit")
    with collector.runtime.database.system_session("test") as session:
        for assignment in session.scalars(select(RoleAssignment).where(RoleAssignment.user_id == collector.user.id)):
            session.delete(assignment)
        counters.bump(session, actors.COUNTER)
    collector.run()
    assert job_of(collector).state == "failed"
    assert numbers(collector.runtime, Customer) == [0]


def test_two_clicks_import_once(collector: Collector) -> None:
    collector.upload(many(20), "many.csv")
    collector.check()
    assert collector.act("commit").status_code == 303
    assert collector.act("commit").status_code == 409
    collector.run()
    assert collector.act("commit").status_code == 409
    assert collector.batch.imported == 20


class Worker:
    """`baton worker` as operators run it, on the test's database."""

    def __init__(self, runtime: Runtime, redis_url: str, log: Path) -> None:
        settings = runtime.settings
        self.log = log
        environment = {
            **os.environ,
            "BATON_DATABASE_URL": settings.database_url,
            "BATON_DATA_DIR": str(settings.data_dir),
            "BATON_SECRET_FILE": str(settings.secret_file),
            "BATON_REDIS_URL": redis_url,
        }
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "platform_core", "worker", "--threads", "1"],
                cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.mark.parametrize("after", [1, 2], ids=["at the start", "in the middle"])
def test_a_killed_worker_leaves_whole_slices_and_no_row_comes_twice(
    collector: Collector, redis_url: str, tmp_path: Path, after: int
) -> None:
    collector.upload(many(1_800), "many.csv")
    collector.check()
    assert collector.act("commit").status_code == 303
    job_id = collector.batch.job_id
    assert job_id is not None
    wakeups = WakeUps(redis_url, lambda _job: False)
    worker = Worker(collector.runtime, redis_url, tmp_path / "worker.log")
    try:
        wakeups.send(job_id)
        wait_until(lambda: collector.batch.imported >= after * 490 or worker.process.poll() is not None)
    finally:
        worker.kill()
        wakeups.stop()
    assert "Traceback" not in worker.log.read_text()
    left = collector.batch
    customers, search, changes, points = numbers(collector.runtime, Customer, SearchRow, StatusChange, ContactPoint)
    with collector.runtime.database.system_session("test") as session:
        counted = session.execute(select(ImportRow.state, func.count()).group_by(ImportRow.state))
        rows = {row.state: row[1] for row in counted}
        audited = session.scalars(select(AuditEntry.ids).where(AuditEntry.action == "customers.import")).all()
    assert 0 < customers < 1_764, "killed too early or too late to prove anything"
    assert customers == search == changes == points / 2 == left.imported == rows["imported"] == sum(map(len, audited))
    assert left.state == "importing"
    assert job_of(collector).state == "running"
    assert collector.runtime.jobs.due() == []
    with freeze(now() + timedelta(minutes=5)):
        assert collector.runtime.jobs.due() == [job_id]
        assert collector.runtime.jobs.run(job_id)
    assert (collector.batch.state, collector.batch.imported, collector.batch.skipped) == ("done", 1_764, 18)
    made = collector.customers()
    assert len(made) == len({customer.name for customer in made}) == len({customer.code for customer in made}) == 1_764
    assert numbers(collector.runtime, SearchRow, StatusChange, ContactPoint) == [1_764, 1_764, 2 * 1_764]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_renders_within_its_budget(
    collector: Collector, factory: Factory, browser: Browser, count_queries: QueryCounter, language: str
) -> None:
    with collector.runtime.database.system_session("test") as session:
        session.get_one(type(collector.user), collector.user.id).language = language
    factory.customer(factory.user(), name="甲0商贸有限公司", name_norm="甲0商贸有限公司")

    def look(path: str, **options: Any) -> str:
        with count_queries(at_most=12):
            answer = collector.browser.get(path, **options)
        assert answer.status_code == 200
        assert ("<html" in answer.text) is not options.get("htmx", False)
        return answer.text

    look("/customers/import")
    look("/customers/imports")
    collector.upload(many(400), "many.csv")
    look(collector.url)
    look(f"{collector.url}/mapping")
    data = {f"column-{place}": key for place, key in enumerate(collector.batch.mapping)}
    collector.act("mapping", duplicates="skip", kind="organisation", source="", **data)
    assert 'hx-trigger="every 2s' in look(collector.url)
    look(collector.url, htmx=True)
    collector.run()
    page = look(collector.url)
    assert 'hx-trigger="every 1s' not in page
    assert ("重复" if language == "zh" else "twice") in page
    assert page.count("<tr>") > 55
    collector.act("commit")
    look(collector.url)
    collector.run()
    look(collector.url)
    look(f"{collector.url}/revert")
    collector.act("revert")
    look(collector.url)
    collector.run()
    look(collector.url)
    look("/customers/imports")


def test_the_list_goes_on_by_keyset(collector: Collector) -> None:
    for place in range(32):
        collector.upload(many(1), f"table-{place}.csv")
    first = collector.browser.get("/customers/imports").text
    following = first.partition('rel="next" href="')[2].partition('"')[0]
    second = collector.browser.get(following).text
    names = [f"table-{place}.csv" for place in range(32)]
    assert [name for name in names if name in first] == names[2:]
    assert [name for name in names if name in second] == names[:2]
    assert collector.browser.get("/customers/imports?before=nonsense").status_code == 422
