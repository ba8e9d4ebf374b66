"""From a row to a telephone and back: a served house without Redis, a real Kannel, and an operator that is pretended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from baton_plugins.sms import drivers
from baton_plugins.sms.models import Reply
from sqlalchemy import select

from platform_core.api.messages import OutboxAccount, Outgoing, establish_account
from platform_core.app import Runtime
from platform_core.outbox import services
from platform_core.outbox.accounts import callback_url
from platform_core.outbox.models import Message
from platform_core.privacy.models import Suppression
from platform_core.testing.kannel import Kannel, kannel
from platform_core.testing.programs import kannel_binaries
from platform_core.testing.pytest_plugin import make_settings, migrate_and_seed
from platform_core.testing.services import clone_file, template_file
from platform_core.testing.serving import Served
from platform_core.testing.waiting import wait_until

pytestmark = pytest.mark.skipif(
    not kannel_binaries(), reason="needs Debian's kannel and kannel-extras (scripts/test-tools)"
)


@dataclass
class Line:
    """The house and its line; rows are put in from here, everything else is done over there."""

    runtime: Runtime
    kannel: Kannel
    account_id: UUID

    def put(self, texts: dict[str, str], number: str, **changes: Any) -> None:
        with self.runtime.database.system_session("test") as session:
            given = {"channel": "sms", "owner": "test", "address": number, "lane": "bulk", **changes}
            services.put_many(session, None, [Outgoing(key=key, text=text, **given) for key, text in texts.items()])

    def states(self, *keys: str) -> Counter[str]:
        with self.runtime.database.system_session("test", write=False) as session:
            return Counter(session.scalars(select(Message.state).where(Message.key.in_(keys))))

    def arrives(self, number: str, texts: dict[str, str]) -> None:
        """Each once; the gateway reports what it has written to the operator, who may be slower to read it."""
        expected = sorted(f"【启衡】{text}" for text in texts.values())

        def arrived() -> list[str]:
            return sorted(text for to, text in self.kannel.taken() if to == number)

        wait_until(lambda: len(arrived()) >= len(expected), 60)
        assert arrived() == expected

    def account(self) -> OutboxAccount:
        with self.runtime.database.system_session("test", write=False) as session:
            return session.get_one(OutboxAccount, self.account_id)


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory, run_folder: Path) -> Iterator[Line]:
    folder = tmp_path_factory.mktemp("line")
    served = Served(folder, {"BATON_OUTBOX_LEASE": "30"})
    served.environ["BATON_BASE_URL"] = served.url
    template = template_file(run_folder, lambda url: migrate_and_seed(url, run_folder))
    clone_file(template, folder / "baton.sqlite3")
    runtime = Runtime(make_settings(f"sqlite:///{folder / 'baton.sqlite3'}", folder, base_url=served.url))
    runtime.follow()
    services.wake_through(None)
    with runtime.database.system_session("test") as session:
        account = establish_account(session, drivers.KANNEL, "line", {"url": "http://127.0.0.1:1"})
    callback = callback_url(served.url, runtime.vault, account)
    try:
        with kannel(callback) as box:
            with runtime.database.system_session("test") as session:
                config = {
                    "url": box.url,
                    "username": "crm",
                    "password": "crmpw",
                    "sender": "10690001",
                    "signature": "启衡",
                }
                found = session.get_one(OutboxAccount, account.id)
                found.config = establish_account(session, drivers.KANNEL, "other", config).config
                session.flush()
                session.delete(session.scalars(select(OutboxAccount).where(OutboxAccount.name == "other")).one())
            box.start()
            box.operator()
            served.start()
            yield Line(runtime, box, account.id)
    finally:
        served.stop()
        runtime.close()


def test_chinese_arrives_as_it_was_written_and_is_reported_in_any_order(line: Line) -> None:
    texts = {"short": "祝您生日快乐🎂", "long": "长短信" * 50, "longest": "启" * 490, "latin": "Olá, €5 [x]"}
    line.put(texts, "13800138000")
    wait_until(lambda: line.states(*texts) == {"delivered": 4}, 30)
    line.arrives("+8613800138000", texts)


def test_what_is_put_in_while_the_gateway_is_down_goes_once_when_it_is_back(line: Line) -> None:
    line.kannel.kill()
    texts = {f"down{number}": f"第{number}条" for number in range(10)}
    line.put(texts, "13800138001")
    wait_until(lambda: line.account().trouble == "cannot connect", 20)
    assert line.states(*texts) == {"queued": 10}
    line.kannel.start()
    line.kannel.operator()
    wait_until(lambda: line.states(*texts) == {"delivered": 10}, 60)
    assert line.account().trouble == ""
    line.arrives("+8613800138001", texts)


def test_what_the_gateway_has_taken_survives_its_death(line: Line) -> None:
    line.kannel.kill()
    line.kannel.start()  # without an operator: it keeps what it takes
    texts = {f"kept{number}": f"存{number}" for number in range(5)}
    line.put(texts, "13800138002")
    wait_until(lambda: line.states(*texts) == {"sent": 5}, 60)
    line.kannel.kill()
    line.kannel.start()
    line.kannel.operator()
    line.arrives("+8613800138002", texts)
    assert line.states(*texts)["sent"] + line.states(*texts)["delivered"] == 5


def test_an_answer_that_says_no_counts_at_once(line: Line) -> None:
    line.kannel.kill()
    line.kannel.start()
    line.kannel.answer("+8613800138003", "退订")

    def heard() -> bool:
        with line.runtime.database.system_session("test", write=False) as session:
            return (
                session.scalar(select(Reply.opted_out)) is True and session.scalar(select(Suppression.id)) is not None
            )

    wait_until(heard, 30)
