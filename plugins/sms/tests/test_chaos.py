"""Workers and Redis are killed while a bad provider takes messages: none is lost, none doubled.

The provider speaks Aliyun's protocol over a real socket, and of 100 requests 14 are refused or dropped before it took
them, 12 after; it knows no idempotency, as Aliyun does not. `BATON_CHAOS` is the number of messages for a longer run.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from baton_plugins.sms import drivers
from sqlalchemy import func, select

from platform_core.api.messages import Outgoing, establish_account
from platform_core.app import Runtime
from platform_core.contracts.messaging import LANES
from platform_core.outbox import services
from platform_core.outbox.models import Message
from platform_core.testing import services as servers
from platform_core.testing import supervisor
from platform_core.testing.pytest_plugin import make_settings, migrate_and_seed
from platform_core.testing.serving import Served
from platform_core.testing.waiting import wait_until

NUMBER = int(os.environ.get("BATON_CHAOS", "120"))
KILLS = max(2, NUMBER // 80)
LEASE = 3.0


class BadProvider:
    """Remembers what it took, by our reference."""

    def __init__(self, seed: int) -> None:  # noqa: C901  the handler within
        self.taken: Counter[str] = Counter()
        self.to: dict[str, list[str]] = {}
        self.calls = 0
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
                self.rfile.read(int(self.headers.get("content-length") or 0))
                if self.headers["x-acs-action"] == "QuerySendDetails":
                    self._tell(200, provider.found(query["PhoneNumber"]))
                    return
                with provider._lock:
                    provider.calls += 1
                    lot = provider._random.random()
                if lot < 0.08:
                    self._tell(500, {})
                elif lot < 0.14:
                    self._drop()
                else:
                    provider.take(query["OutId"], query["PhoneNumbers"])
                    if lot < 0.20:
                        self._tell(500, {})
                    elif lot < 0.26:
                        self._drop()
                    else:
                        self._tell(200, {"Code": "OK", "BizId": query["OutId"][-12:]})

            def _tell(self, status: int, told: object) -> None:
                sent = json.dumps(told).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(sent)))
                self.end_headers()
                with suppress(OSError):  # whoever asked has been killed
                    self.wfile.write(sent)

            def _drop(self) -> None:
                self.close_connection = True
                with suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)

            def handle(self) -> None:
                with suppress(ConnectionError):
                    super().handle()

            def log_message(self, *_parts: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def take(self, ref: str, number: str) -> None:
        with self._lock:
            self.taken[ref] += 1
            self.to.setdefault(number, []).append(ref)

    def found(self, number: str) -> dict[str, object]:
        with self._lock:
            rows = [{"OutId": ref, "SendStatus": 1, "ErrCode": ""} for ref in self.to.get(number, [])]
        return {"Code": "OK", "SmsSendDetailDTOs": {"SmsSendDetailDTO": rows}}

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class House:
    """The processes that send, on a database that the test looks at from outside."""

    def __init__(self, folder: Path, url: str, redis: servers.RestartableServer | None) -> None:
        self.redis = redis
        self.served = Served(folder, {"BATON_DATABASE_URL": url, "BATON_OUTBOX_LEASE": str(LEASE)})
        if redis is not None:
            self.served.environ["BATON_REDIS_URL"] = redis.url
        self.runtime = Runtime(make_settings(url, folder))
        self.runtime.follow()
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        roles = (["worker"], ["scheduler"]) if self.redis else (["serve", "--port", str(self.served.port)],)
        with self.served.log.open("ab") as log:
            self._running = [
                subprocess.Popen(
                    [sys.executable, "-m", "platform_core", *role], env=self.served.environment,
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                    preexec_fn=supervisor.die_with_parent(signal.SIGTERM),  # noqa: PLW1509  it only asks the kernel
                )
                for role in roles
            ]  # fmt: skip

    def kill(self) -> None:
        """SIGKILL, in the middle of whatever they do."""
        for process in self._running:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._running = []

    def states(self) -> Counter[str]:
        with self.runtime.database.system_session("test", write=False) as session:
            statement = select(Message.state, func.count()).group_by(Message.state)
            return Counter(dict(session.execute(statement).all()))


@pytest.fixture(params=["embedded", "workers"])
def house(request: pytest.FixtureRequest, tmp_path: Path, run_folder: Path) -> Iterator[House]:
    """One process on SQLite without Redis, or a worker and a scheduler on PostgreSQL with Redis."""
    with ExitStack() as stack:
        redis = None
        if request.param == "embedded":
            template = servers.template_file(run_folder, lambda url: migrate_and_seed(url, run_folder))
            url = servers.clone_file(template, tmp_path / "baton.sqlite3")
        else:
            postgres = request.getfixturevalue("postgres_url")
            named = servers.template_database(postgres, lambda url: migrate_and_seed(url, run_folder))
            url = stack.enter_context(servers.clone_database(postgres, named))
            redis = stack.enter_context(servers.restartable_redis())
        made = House(tmp_path, url, redis)
        stack.callback(made.runtime.close)
        stack.callback(made.kill)
        services.wake_through(None)
        yield made


@pytest.fixture
def provider() -> Iterator[BadProvider]:
    made = BadProvider(seed=7)
    yield made
    made.stop()


def test_none_is_lost_and_none_doubled(house: House, provider: BadProvider) -> None:
    config = {"key_id": "k", "secret": "s", "signature": "x", "endpoint": provider.url}
    with house.runtime.database.system_session("test") as session:
        establish_account(session, drivers.ALIYUN, "bad", config).per_second = 1000
        given = {"channel": "sms", "owner": "test", "text": "x", "templates": {"sms.aliyun": ("SMS_1", {})}}
        messages = [
            Outgoing(key=f"chaos:{number}", address=f"139{number:08}", lane=LANES[number % 2], **given)
            for number in range(NUMBER)
        ]
        assert len(services.put_many(session, None, messages)) == NUMBER
    house.start()
    for kill in range(1, KILLS + 1):
        wait_until(lambda goal=NUMBER * kill // (KILLS + 1): len(provider.taken) >= goal, 120)
        house.kill()
        if house.redis is not None:
            house.redis.kill()
            house.redis.start()
        house.start()
    wait_until(lambda: not set(house.states()) & {"queued", "sending"}, 180 + NUMBER / 10)
    assert provider.calls > NUMBER, "the provider was as bad as it should be"
    assert len(provider.taken) == NUMBER, "lost"
    assert {ref: times for ref, times in provider.taken.items() if times > 1} == {}, "doubled"
    assert house.states() == {"sent": NUMBER}
