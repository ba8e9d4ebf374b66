"""Redis hears ids and no more: every command that it gets while jobs and notifications run, and every key that is left.

The sentinels are numbers, addresses and names of an import, and the name of a customer whose baton is handed over.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis
from litestar.testing import TestClient

from platform_core.app import Runtime, create_app
from platform_core.customers.importing.models import ImportBatch
from platform_core.kernel.models import JobRow
from platform_core.testing import services
from platform_core.testing.browser import Browser
from platform_core.testing.factories import Factory
from platform_core.testing.pytest_plugin import make_settings
from platform_core.testing.serving import Served
from platform_core.testing.waiting import wait_until
from platform_core.users.models import Notification
from tests.core.customers.importing.conftest import Collector
from tests.reliability.places import Place

SENTINELS = {"13900007771", "3900007771", "sentinel@import.example", "哨兵有限公司", "哨兵", "Heron Holdings"}
TABLE = "客户名称,手机,邮箱\n哨兵有限公司,13900007771,sentinel@import.example\n".encode()
_END = "end of the watch"


class Watch:
    """Everything Redis was told while it was watched."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._redis = redis.Redis.from_url(url)
        self.commands: list[str] = []

    @contextmanager
    def running(self) -> Iterator[None]:
        with self._redis.monitor() as monitor:
            thread = threading.Thread(target=self._listen, args=(monitor,))
            thread.start()
            try:
                yield
            finally:
                self._redis.echo(_END)
                thread.join()

    def _listen(self, monitor: redis.client.Monitor) -> None:
        for command in monitor.listen():
            if _END in command["command"]:
                return
            self.commands.append(command["command"])

    def left(self) -> str:
        """Every key with its value, as bytes that may be searched; raises for a type nobody expects."""
        found = []
        for key in self._redis.scan_iter():
            kind = self._redis.type(key)
            read = {
                b"string": self._redis.get, b"hash": self._redis.hgetall, b"set": self._redis.smembers,
                b"list": lambda name: self._redis.lrange(name, 0, -1),
                b"zset": lambda name: self._redis.zrange(name, 0, -1, withscores=True),
            }[kind]  # fmt: skip
            found.append(f"{key!r} {read(key)!r}")
        return "\n".join(found)

    def close(self) -> None:
        self._redis.close()


def spellings(value: str) -> set[str]:
    """As it is, as Redis shows its bytes, and as JSON in ASCII."""
    return {value, repr(value.encode())[2:-1], json.dumps(value)[1:-1]}


class WorkedFor(Collector):
    """The jobs are run by workers that Redis wakes."""

    def run(self) -> bool:
        job_id = self.batch.job_id
        assert job_id is not None
        wait_until(lambda: self._state(job_id) == "done")
        return True

    def _state(self, job_id: object) -> str:
        with self.runtime.database.system_session("test", write=False) as session:
            return session.get_one(JobRow, job_id).state


@pytest.fixture
def watch() -> Iterator[Watch]:
    with services.redis_server(shared=False) as url:
        watch = Watch(url)
        yield watch
        watch.close()


@pytest.fixture
def working(runtime: Runtime, watch: Watch) -> Iterator[tuple[Runtime, TestClient[Any]]]:
    """A web process and a worker in one, on Redis."""
    settings = make_settings(runtime.settings.database_url, runtime.settings.data_dir, redis_url=watch.url)
    other = Runtime(settings)
    other.follow()
    with TestClient(create_app(other, background=False)) as client:
        other.wakeups.start(2)
        yield other, client


def test_redis_hears_ids_only(
    working: tuple[Runtime, TestClient[Any]], watch: Watch, factory: Factory, caplog: pytest.LogCaptureFixture
) -> None:
    runtime, client = working
    place = Place(runtime, factory, Served(runtime.settings.data_dir))
    collector = WorkedFor(runtime, Browser(runtime, client).sign_in(place.sender), place.sender)
    with caplog.at_level(logging.DEBUG), watch.running():
        assert collector.upload(TABLE, "sentinel.csv").status_code == 303
        assert collector.check().new_rows == 1
        assert collector.commit().imported == 1
        baton = place.baton()
        with runtime.database.system_session("a name to look for") as session:
            session.get_one(type(baton.customer), baton.customer.id).name = "Heron Holdings"
        assert list(place.pass_on(client, baton)) == ["offer", "accept", "finish"]
    with runtime.database.system_session("test", write=False) as session:
        told = session.query(Notification).count()
        batch = session.get_one(ImportBatch, collector.batch_id)
    heard = "\n".join(watch.commands)
    assert str(batch.job_id) in heard
    assert heard.count("PUBLISH baton:live") > told > 2
    logged = "\n".join(record.getMessage() for record in caplog.records)
    for where, text in (("commands", heard), ("keys", watch.left()), ("log", logged)):
        written = {value for value in SENTINELS if any(spelling in text for spelling in spellings(value))}
        assert not written, where
