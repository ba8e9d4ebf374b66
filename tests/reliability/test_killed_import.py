"""An import in the embedded server, which runs its jobs itself: killed at any moment, each row comes exactly once."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import httpx
import pytest
from litestar.testing import TestClient
from sqlalchemy import func, select, update

from platform_core.app import Runtime, create_app
from platform_core.audit.models import AuditEntry
from platform_core.customers.importing.models import ImportRow
from platform_core.customers.models import ContactPoint, Customer, StatusChange
from platform_core.customers.searchmodel import SearchRow
from platform_core.kernel.clock import now
from platform_core.kernel.models import JobRow
from platform_core.testing.browser import Browser
from platform_core.testing.factories import Factory
from platform_core.testing.waiting import wait_until
from platform_core.users.models import Notification
from tests.core.customers.importing.conftest import TITLES, Collector, csv_text, row
from tests.reliability.places import Place
from tests.reliability.victims import victims_of

ROWS = 1_200
ROUNDS = 2
FEW = 30


def table(batch: int, count: int) -> bytes:
    """Companies that are in no other table."""
    rows = [
        row(客户名称=f"{'甲乙丙丁'[batch]}{place}商贸有限公司", 手机=f"13{batch}{place:08}", 邮箱="", 微信="")
        for place in range(count)
    ]
    return csv_text(TITLES, rows).encode()


@pytest.fixture
def imports(embedded: Place) -> Iterator[list[Collector]]:
    """Tables that were checked and wait for the word, uploaded before the server runs."""
    runtime, user = embedded.runtime, embedded.sender
    with TestClient(create_app(runtime, background=False)) as client:
        collectors = []
        for number in range(ROUNDS):
            collector = Collector(runtime, Browser(runtime, client).sign_in(user), user)
            collector.upload(table(number, ROWS), f"table-{number}.csv")
            assert collector.check().new_rows == ROWS
            collectors.append(collector)
        yield collectors


def commit(place: Place, collector: Collector) -> None:
    """The button, with one key however often it is pressed."""
    with place.browser(collector.user) as browser:
        answer = browser.post(f"{collector.url}/commit", {"_key": f"commit {collector.batch_id}"})
        assert answer.status_code == 303, answer.text


def let_the_lease_end(runtime: Runtime) -> None:
    """A minute passes."""
    with runtime.database.system_session("test") as session:
        session.execute(
            update(JobRow).where(JobRow.state == "running").values(lease_until=now() - timedelta(seconds=1))
        )


def check_whole(collector: Collector, expected: int | None = None) -> None:
    """As many of everything; with `expected`, that many and the end reached."""
    with collector.runtime.database.system_session("test") as session:
        made = select(Customer.id).where(Customer.batch_id == collector.batch_id)
        counts = [
            session.scalar(select(func.count()).select_from(model).where(model.customer_id.in_(made)))
            for model in (SearchRow, StatusChange, ContactPoint)
        ]
        customers = session.scalar(select(func.count()).select_from(made.subquery()))
        rows = session.scalar(
            select(func.count()).where(ImportRow.batch_id == collector.batch_id, ImportRow.state == "imported")
        )
        entries = session.scalars(select(AuditEntry).where(AuditEntry.entity_id == collector.batch_id)).all()
        told = session.scalars(select(Notification).where(Notification.url == collector.url)).all()
    audited = [key for entry in entries if entry.action == "customers.import" for key in entry.ids]
    batch = collector.batch
    assert {customers, rows, batch.imported, len(audited), len(set(audited)), *counts} == {customers}
    ends = [entry for entry in entries if entry.action == "customers.import_finish"]
    assert len(told) == len(ends) == (batch.state == "done")
    if expected is not None:
        assert (batch.state, customers) == ("done", expected)
        assert len({customer.code for customer in collector.customers()}) == expected


def test_a_killed_server_imports_each_row_once(embedded: Place, imports: list[Collector]) -> None:
    chance = random.Random(5)
    embedded.served.start()
    for number, collector in enumerate(imports):
        button = threading.Thread(target=press, args=(embedded, collector))
        button.start()
        if number:
            wait_until(partial(_has_imported, collector, 1))
        threading.Event().wait(chance.uniform(0, 0.3))
        embedded.served.kill()
        button.join()
        check_whole(collector)
        let_the_lease_end(embedded.runtime)
        embedded.served.start()
        commit(embedded, collector)
        wait_until(partial(_has_imported, collector, ROWS))
    # The end of an import is a transaction of its own.
    for collector in imports:
        wait_until(partial(_is_done, collector))
        check_whole(collector, ROWS)


def _has_imported(collector: Collector, count: int) -> bool:
    return collector.batch.imported >= count


def _is_done(collector: Collector) -> bool:
    return collector.batch.state == "done"


def press(place: Place, collector: Collector) -> None:
    try:
        commit(place, collector)
    except httpx.TransportError:
        return


def test_killed_at_each_statement_it_leaves_all_of_a_slice_or_nothing(
    runtime: Runtime, browser: Browser, factory: Factory
) -> None:
    user = factory.user(department=factory.department("collect"))
    collector = Collector(runtime, browser.sign_in(user), user)
    collector.upload(table(0, FEW), "few.csv")
    collector.check()
    assert collector.act("commit").status_code == 303
    job_id, statement, imported = collector.batch.job_id, 1, set()
    assert job_id is not None
    with victims_of(runtime.settings.database_url, runtime.settings.data_dir) as victims:
        while victims.run(statement, str(job_id)):
            check_whole(collector)
            imported.add(collector.batch.imported)
            let_the_lease_end(runtime)
            statement += 2 if runtime.database.is_sqlite else 1  # the same statements; COPY is the other's
    check_whole(collector, FEW)
    assert imported == {0, FEW}
    assert statement > 20
