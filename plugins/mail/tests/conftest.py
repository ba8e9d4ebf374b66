"""A house whose mail leaves through a real server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from baton_plugins.mail import drivers

from platform_core.api import now
from platform_core.api.messages import Letter, OutboxAccount, OutboxMessage, Outgoing, establish_account
from platform_core.app import Runtime
from platform_core.outbox import services as outbox
from platform_core.outbox.dispatch import Dispatcher, Timing
from platform_core.testing.mailserver import Served, certify


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("authority")
    certify(folder)
    return folder


@pytest.fixture
def server(authority: Path, request: pytest.FixtureRequest) -> Iterator[Served]:
    served = Served(authority, getattr(request, "param", "starttls"))
    served.start()
    yield served
    served.stop()


@dataclass
class Post:
    """A house with an account at the server, whose outbox has little patience."""

    runtime: Runtime
    server: Served

    def put(self, key: str = "one", address: str = "li@house.example", **letter: str) -> None:
        with self.runtime.database.system_session("test") as session:
            given = Letter(**{"subject": "News", **letter})
            outbox.put(
                session, None,
                Outgoing(key=key, channel="email", owner="mail", text="Hello", address=address, letter=given),
            )  # fmt: skip

    def work(self) -> int:
        return self.runtime.outbox.work("interactive")

    def messages(self) -> dict[str, OutboxMessage]:
        with self.runtime.database.system_session("test", write=False) as session:
            return {row.key: row for row in session.query(OutboxMessage)}

    def trouble(self) -> str:
        with self.runtime.database.system_session("test", write=False) as session:
            return session.query(OutboxAccount).one().trouble

    def due(self) -> None:
        """What waits for a better moment has it now."""
        with self.runtime.database.system_session("test") as session:
            session.query(OutboxMessage).update({"next_at": now()})
            session.query(OutboxAccount).update({"down_until": None})

    def account(self, **config: str) -> None:
        """Another one in its place, as `config` says."""
        with self.runtime.database.system_session("test") as session:
            session.query(OutboxAccount).delete()
            account = establish_account(session, drivers.SMTP, "Post", self.server.config(**config))
            account.tokens = 20.0


@pytest.fixture
def post(runtime: Runtime, server: Served) -> Iterator[Post]:
    usual, runtime.outbox = (
        runtime.outbox,
        Dispatcher(
            runtime.database, runtime.outbox._drivers, "http://crm.test", Timing(lease=0.0, look_again=0.0, rest=0.0)
        ),
    )
    outbox.wake_through(None)
    made = Post(runtime, server)
    made.account()
    yield made
    runtime.outbox.close()
    runtime.outbox = usual
    runtime.take_charge()
