"""Entries of a dictionary that are merged between the check of a table and its rows' coming in."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from platform_core.admin.merging import services as merging
from platform_core.customers.importing import drafting, merged, writing
from platform_core.customers.models import StatusChange
from platform_core.kernel.models import DictionaryRow
from tests.core.customers.importing.conftest import TITLES, row, xlsx


def merge(collector, factory, dictionary, code, into):
    office = factory.actor(factory.user("office"))
    with collector.runtime.database.actor_session(office) as session:
        named = (DictionaryRow.dictionary == dictionary, DictionaryRow.code == code)
        entry = session.scalars(select(DictionaryRow.id).where(*named)).one()
        merging.begin(session, office, entry, into)


def two_rows():
    other = row(客户名称="杭州立通精密制造有限公司", 手机="13922220000", 邮箱="", 微信="", 联系人="李明", 来源网址="")
    return xlsx(TITLES, [row(状态="considering"), other])


def test_rows_that_were_checked_before_a_merge_take_the_code_that_survives(collector, factory):
    collector.upload(two_rows())
    collector.check()
    merge(collector, factory, "customers.status", "considering", "interested")
    merge(collector, factory, "customers.source", "exhibition", "referral")
    assert collector.commit().imported == 2
    assert {customer.source for customer in collector.customers()} == {"referral"}
    assert sorted(customer.status for customer in collector.customers()) == ["interested", "new"]
    with collector.runtime.database.system_session("look", write=False) as session:
        assert set(session.scalars(select(StatusChange.new))) == {"interested", "new"}


def test_a_merge_while_rows_come_in_is_seen_by_the_next_slice(collector, factory, monkeypatch):
    collector.upload(two_rows())
    collector.check()
    with collector.runtime.database.system_session("an actor", write=False):
        actor = factory.actor(collector.user)
    early = drafting.frame_of(collector.runtime.database, actor, collector.batch)
    assert early.merged == {}
    merge(collector, factory, "customers.source", "exhibition", "referral")
    monkeypatch.setattr(drafting, "frame_of", lambda *_given: early)
    assert collector.commit().imported == 2
    assert {customer.source for customer in collector.customers()} == {"referral"}


def test_a_merge_in_the_very_moment_of_a_slice_waits_for_it(collector, factory, monkeypatch):
    """Two connections: rows that were drafted and not yet committed were invisible to the merge, and kept their code."""
    collector.upload(two_rows())
    collector.check()
    drafted, may_go_on, merged_at, save = threading.Event(), threading.Event(), [], writing.save

    def late(session, drafts):
        drafted.set()
        assert may_go_on.wait(30)
        return save(session, drafts)

    def merges():
        assert drafted.wait(30)
        merge(collector, factory, "customers.source", "exhibition", "referral")
        merged_at.append(time.monotonic())

    monkeypatch.setattr(writing, "save", late)
    with ThreadPoolExecutor(2) as pool:
        importing, merging_ = pool.submit(collector.commit), pool.submit(merges)
        assert drafted.wait(30)
        with pytest.raises(TimeoutError):
            merging_.result(timeout=1.5)
        assert not merged_at, "it waits for the slice"
        may_go_on.set()
        assert importing.result(30).imported == 2
        merging_.result(30)
    assert {customer.source for customer in collector.customers()} == {"referral"}


def test_changes_of_customers_take_the_code_that_survives(collector, factory):
    collector.upload(two_rows())
    collector.check()
    collector.commit()
    first = {customer.name: customer.id for customer in collector.customers()}
    collector.upload(xlsx(TITLES, [row(级别="B")]))
    assert collector.check(duplicates="overwrite").update_rows == 1
    merge(collector, factory, "customers.grade", "B", "C")
    assert collector.commit().updated == 1
    with collector.runtime.database.system_session("look", write=False) as session:
        found = session.execute(
            select(drafting.Customer.grade).where(drafting.Customer.id.in_(first.values()))
        ).scalars()
        assert sorted(found) == ["A", "C"]


def test_values_of_several_codes_are_said_once():
    gone = {"custom.hobby": {"golf": "sport"}, "source": {"fair": "exhibition"}}
    values = {"custom.hobby": ["golf", "sport", "art"], "source": "fair", "city": "golf", "custom.age": 3}
    assert merged.meant(values, gone) == {
        "custom.hobby": ["sport", "art"], "source": "exhibition", "city": "golf", "custom.age": 3,
    }  # fmt: skip
