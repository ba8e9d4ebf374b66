"""A word index takes many rows in beside whoever writes them, and nothing waits in it afterwards."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from platform_core.app import Runtime
from platform_core.customers.models import Customer
from platform_core.customers.searchmodel import SearchRow
from platform_core.kernel import searchbacklog
from platform_core.kernel.bulkrows import Writer
from platform_core.kernel.clock import now
from platform_core.kernel.ids import new_id
from platform_core.kernel.letters import letter_index
from platform_core.kernel.searchcolumn import word_index
from platform_core.kernel.searchtokens import index_tokens

INDEXES = (word_index(SearchRow.__tablename__), letter_index(Customer.__tablename__))
ROWS = 50


def write(runtime: Runtime, prepare: Callable[[Session], None]) -> None:
    ids = [new_id() for _row in range(ROWS)]
    with runtime.database.system_session("test") as session:
        prepare(session)
        writer, at = Writer.of(session), now()
        writer.write(
            Customer,
            ({"id": key, "code": key.hex, "name": "x", "name_norm": "x", "name_key": "x", "kind": "person",
              "created_at": at, "updated_at": at, "version": 1, "collected_on": at.date(), "custom": {}}
             for key in ids),
        )  # fmt: skip
        words = [index_tokens(f"杭州{number}网络有限公司") for number in range(ROWS)]
        writer.write(SearchRow, ({"customer_id": key, "tokens": found} for key, found in zip(ids, words, strict=True)))


def waiting(runtime: Runtime) -> list[int]:
    """Pages of each index's list that nobody had merged yet."""
    merge = text("SELECT gin_clean_pending_list(to_regclass(:index))")
    with runtime.database.connection("test") as connection:
        return [connection.scalars(merge, {"index": index}).one() for index in INDEXES]


def test_what_is_written_meanwhile_is_merged_at_the_end(runtime: Runtime) -> None:
    with searchbacklog.merged_beside(runtime.database, INDEXES) as put_off:
        write(runtime, put_off)
    if runtime.database.is_sqlite:
        return
    assert waiting(runtime) == [0, 0]
    write(runtime, lambda _session: None)
    assert all(waiting(runtime))


def test_an_index_of_somebody_else_is_left_alone(runtime: Runtime) -> None:
    before = threading.active_count()
    with searchbacklog.merged_beside(runtime.database, [*INDEXES, "ix_nowhere"]):
        assert threading.active_count() == before


def test_an_index_that_cannot_be_merged_stops_nobody(runtime: Runtime, caplog: pytest.LogCaptureFixture) -> None:
    if runtime.database.is_sqlite:
        pytest.skip("it has no such list")
    over = threading.Event()
    over.set()
    with caplog.at_level(logging.WARNING, searchbacklog.__name__):
        searchbacklog._merge(runtime.database, ["pk_customers_search"], over)
    assert "are not merged" in caplog.text
