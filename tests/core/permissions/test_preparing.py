"""Before a process serves, what the first crowd needs is there; nobody was shown anything by it."""

from __future__ import annotations

from typing import Any

import pytest
from litestar.testing import TestClient
from sqlalchemy import event, func, select, text
from sqlalchemy.orm import Session

from platform_core.app import Runtime, create_app
from platform_core.audit.models import AuditEntry
from platform_core.contracts.identity import Actor
from platform_core.permissions import preparing, queries
from platform_core.testing.factories import Factory

CARD = "telephony/_cards.html"


@pytest.fixture
def people(factory: Factory) -> list[Any]:
    return [factory.user("coordinator", factory.department()), factory.user("management"), factory.user("coordinator")]


def lines(runtime: Runtime) -> int:
    with runtime.database.system_session("count", write=False) as session:
        return session.scalar(select(func.count()).select_from(AuditEntry)) or 0


def test_one_person_of_each_role(runtime: Runtime, people: list[Any]) -> None:
    with runtime.database.system_session("test", write=False) as session:
        found = queries.one_of_each_role(session)
    assert len(found) == 2
    assert people[1].id in found


def test_statements_and_templates_are_there_before_the_first_request(runtime: Runtime, people: list[Any]) -> None:
    other = Runtime(runtime.settings)
    other.follow()
    before = lines(runtime)
    sent: list[str] = []
    event.listen(other.database.engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
    with TestClient(create_app(other, background=False)):
        assert any("telephony_ring" in statement for statement in sent)
        assert not any(statement.startswith(("INSERT", "UPDATE", "DELETE")) for statement in sent)
        loader: Any = other.templates._environment(None).loader
        assert CARD in loader._loaded
    assert lines(runtime) == before


def test_what_fails_or_writes_keeps_nobody_from_serving(runtime: Runtime, people: list[Any], caplog: Any) -> None:
    class Careless:
        load_actor = staticmethod(runtime.hooks.load_actor)

        def prepare(self, session: Session, actor: Actor) -> list[str]:
            session.add(AuditEntry())
            session.execute(text("SELECT nonsense FROM nowhere"))
            return []

    before = lines(runtime)
    preparing.prepare(runtime.database, Careless(), runtime.templates)  # type: ignore[arg-type]
    assert lines(runtime) == before


def test_a_template_that_is_not_there_is_told_in_the_log(runtime: Runtime, people: list[Any], caplog: Any) -> None:
    class Wrong:
        load_actor = staticmethod(runtime.hooks.load_actor)

        def prepare(self, session: Session, actor: Actor) -> list[str]:
            return ["telephony/nowhere.html"]

    preparing.prepare(runtime.database, Wrong(), runtime.templates)  # type: ignore[arg-type]
    assert "telephony/nowhere.html cannot be made ready" in caplog.text
