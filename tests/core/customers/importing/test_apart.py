"""Drafts are made by a second process: it may die, be missing, or outlive nobody."""

from __future__ import annotations

import os
from contextlib import closing
from typing import Any

import pytest

from platform_core.customers.importing import ahead, running
from platform_core.customers.importing.ahead import Helper
from platform_core.customers.importing.drafting import Draft, Frame, frame_of
from platform_core.permissions import actors
from tests.core.customers.importing.conftest import Collector
from tests.core.customers.importing.test_running import many


@pytest.fixture
def helped(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> Collector:
    """Six slices that wait for the word."""
    if collector.runtime.database.is_sqlite:
        pytest.skip("on SQLite everything happens in one process")
    monkeypatch.setattr(running, "SLICE", 50)
    monkeypatch.setattr(ahead, "MANY", 1)
    monkeypatch.setattr(ahead, "processors", lambda: 2)
    collector.upload(many(300), "many.csv")
    collector.check()
    assert collector.act("commit").status_code == 303
    return collector


def answers(monkeypatch: pytest.MonkeyPatch, kill_before: int = 0) -> list[int]:
    """Process ids of the helper, one for each slice; before the named slice it is killed."""
    seen: list[int] = []
    answer = Helper.answer

    def watched(helper: Helper) -> list[Draft]:
        seen.append(helper.process.pid)
        if len(seen) == kill_before:
            helper.process.kill()
            helper.process.wait()
        return answer(helper)

    monkeypatch.setattr(Helper, "answer", watched)
    return seen


def check_whole(collector: Collector) -> None:
    made = collector.customers()
    assert (collector.batch.state, collector.batch.imported) == ("done", 294)
    assert len({customer.code for customer in made}) == len({customer.name for customer in made}) == 294
    assert all(customer.owner_id == collector.user.id and customer.phone_mask for customer in made)


def test_each_slice_comes_from_the_second_process(helped: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = answers(monkeypatch)
    helped.run()
    check_whole(helped)
    assert len(seen) == 6
    assert os.getpid() not in seen
    with pytest.raises(ProcessLookupError):
        os.kill(seen[0], 0)


@pytest.mark.parametrize("slice_number", [1, 3, 6])
def test_killed_anywhere_its_work_is_done_here(
    helped: Collector, monkeypatch: pytest.MonkeyPatch, slice_number: int
) -> None:
    seen = answers(monkeypatch, kill_before=slice_number)
    helped.run()
    check_whole(helped)
    assert len(seen) == 6


def test_a_single_processor_needs_no_second_process(helped: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = answers(monkeypatch)
    monkeypatch.setattr(ahead, "processors", lambda: 1)
    helped.run()
    check_whole(helped)
    assert seen == []


def test_it_ends_with_whoever_asked(helped: Collector) -> None:
    vault = helped.runtime.database.vault
    assert vault is not None
    with closing(Helper(vault, frame(helped))) as helper:
        helper.connection.close()  # as when the importing process is killed
        assert helper.process.wait(30) == 0


def frame(collector: Collector) -> Frame:
    with collector.runtime.database.system_session("test", write=False) as session:
        actor: Any = actors.load_actor(session, collector.user.id)
    return frame_of(collector.runtime.database, actor, collector.batch)
