"""Side effects leave only with their transaction."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.app import Runtime
from platform_core.kernel.unitofwork import on_commit, on_rollback, tried
from platform_core.users.models import Team


def test_effects_run_after_the_commit_and_in_order(runtime: Runtime) -> None:
    seen: list[str] = []
    with runtime.database.system_session("test") as session:
        on_commit(session, seen.append, "first")
        on_commit(session, seen.append, "second")
        assert seen == []
    assert seen == ["first", "second"]


def test_effects_are_forgotten_on_rollback(runtime: Runtime) -> None:
    seen: list[str] = []

    def work(session: Session) -> None:
        on_commit(session, seen.append, "never")
        raise LookupError

    with pytest.raises(LookupError), runtime.database.system_session("test") as session:
        work(session)
    with runtime.database.system_session("test") as session:
        session.add(Team(name="another"))
    assert seen == []


def test_a_released_savepoint_is_not_a_commit(runtime: Runtime) -> None:
    seen: list[str] = []
    with runtime.database.system_session("test") as session:
        with session.begin_nested():
            session.add(Team(name="inner"))
            on_commit(session, seen.append, "done")
        assert seen == []
        with pytest.raises(LookupError), session.begin_nested():
            raise LookupError
        assert seen == []
    assert seen == ["done"]


def test_one_failing_effect_does_not_stop_the_next(runtime: Runtime, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []
    with runtime.database.system_session("test") as session:
        on_commit(session, {}.__getitem__, "missing")
        on_commit(session, seen.append, "still")
    assert seen == ["still"]
    assert "side effect" in caplog.text


def test_what_is_tried_leaves_nothing_behind(runtime: Runtime) -> None:
    seen: list[str] = []
    with runtime.database.system_session("test") as session:
        on_commit(session, seen.append, "before")
        on_rollback(session, seen.append, "all is lost")
        with tried(session):
            session.add(Team(name="tried"))
            on_commit(session, seen.append, "tried")
            on_rollback(session, seen.append, "undone")
        assert seen == ["undone"]
        session.add(Team(name="kept"))
        on_commit(session, seen.append, "after")
    assert seen == ["undone", "before", "after"]
    with runtime.database.system_session("look", write=False) as session:
        assert session.scalars(select(Team.name)).all() == ["kept"]
