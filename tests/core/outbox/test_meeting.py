"""Workers that write the same messages at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from platform_core.contracts.messaging import Receipt, Taken
from platform_core.kernel.clock import now
from platform_core.outbox import claiming, reports
from platform_core.outbox.claiming import Claimed
from platform_core.outbox.models import Account, Message, Report
from tests.core.outbox.conftest import House


@pytest.mark.parametrize("meets", ["settle", "reports"])
def test_whoever_settles_and_whoever_reads_reports_never_wait_for_each_other(house: House, backend, meets) -> None:
    """PostgreSQL ends one of two transactions that take the same rows in opposite order; SQLite has one writer."""
    account_id, _provider = house.account()
    ids = sorted(house.put_many([f"row{number}" for number in range(300)]))
    with house.runtime.database.system_session("test") as session:
        for message in session.scalars(select(Message)):
            message.state, message.fence, message.ref = "sending", 1, message.id
            message.account_id, message.lease_until = account_id, now()

    def settle(order):
        outcomes = [claiming.taken(Claimed(key, "sms", 1, 0, now(), None), Taken("x")) for key in order]
        outcomes[::2] = [claiming.rejected(outcome.claimed, "no") for outcome in outcomes[::2]]
        with house.runtime.database.connection("test") as connection:
            claiming.settle(connection, outcomes)

    def read(order):
        with house.runtime.database.system_session("test") as session:
            account = session.get(Account, account_id)
            told = [
                reports.Told(Report(account_id=account_id, body=b"", tries=0), account, (), [Receipt(state, key)])
                for key in order
                for state in ("delivered", "sent")
            ]
            reports.apply_all(session, told)

    other = settle if meets == "settle" else read
    for _round in range(3):
        starts = Barrier(2)

        def run(act, order, starts=starts):
            starts.wait()
            act(order)

        with ThreadPoolExecutor(2) as pool:
            both = [pool.submit(run, read, ids), pool.submit(run, other, ids[::-1])]
            assert [done.result() for done in both] == [None, None]
    assert set(house.states()) <= {"delivered", "failed"}
