"""The process that sends is killed while the server has a text and has not answered: none is lost, none doubled."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from baton_plugins.mail import drivers
from sqlalchemy import func, select

from platform_core.api.messages import Letter, OutboxMessage, Outgoing, establish_account
from platform_core.app import Runtime
from platform_core.outbox import services
from platform_core.testing import services as servers
from platform_core.testing.pytest_plugin import make_settings, migrate_and_seed
from platform_core.testing.serving import Served
from platform_core.testing.waiting import wait_until

NUMBER = 30
KILLED_AT = (5, 12)


@pytest.fixture
def url(backend: str, request: pytest.FixtureRequest, tmp_path: Path, run_folder: Path) -> Iterator[str]:
    if backend == "sqlite":
        template = servers.template_file(run_folder, lambda url: migrate_and_seed(url, run_folder))
        yield servers.clone_file(template, tmp_path / "baton.sqlite3")
        return
    postgres = request.getfixturevalue("postgres_url")
    named = servers.template_database(postgres, lambda url: migrate_and_seed(url, run_folder))
    with servers.clone_database(postgres, named) as found:
        yield found


def test_none_is_lost_and_none_doubled(url, server, tmp_path: Path) -> None:
    seen, held, go = 0, threading.Event(), threading.Event()

    def answer(_server: object) -> str:
        nonlocal seen
        seen += 1
        if seen in KILLED_AT:
            held.set()
            go.wait(60)
            go.clear()
        return ""

    server.answer = answer
    with ExitStack() as stack:
        runtime = Runtime(make_settings(url, tmp_path))
        stack.callback(runtime.close)
        runtime.follow()
        services.wake_through(None)

        def states() -> Counter[str]:
            with runtime.database.system_session("test", write=False) as session:
                statement = select(OutboxMessage.state, func.count()).group_by(OutboxMessage.state)
                return Counter(dict(session.execute(statement).all()))

        with runtime.database.system_session("test") as session:
            establish_account(session, drivers.SMTP, "Post", server.config()).per_second = 100
            mails = [
                Outgoing(key=f"mail {number}", channel="email", owner="mail", text="Hello",
                         address=f"p{number}@house.example", letter=Letter("News"))
                for number in range(NUMBER)
            ]  # fmt: skip
            services.put_many(session, None, mails)
        house = Served(tmp_path, {"BATON_DATABASE_URL": url, "BATON_OUTBOX_LEASE": "3"})
        stack.callback(house.kill)
        house.start()
        for _kill in KILLED_AT:
            assert held.wait(60)
            house.kill()
            held.clear()
            go.set()
            house.start()
        wait_until(lambda: not set(states()) & {"queued", "sending"}, 120)
        arrived = Counter(mail["message-id"] for mail in server.mails())
        assert states() == {"sent": NUMBER - len(KILLED_AT), "unknown": len(KILLED_AT)}
    assert len(arrived) == NUMBER, "lost"
    assert set(arrived.values()) == {1}, "doubled"
