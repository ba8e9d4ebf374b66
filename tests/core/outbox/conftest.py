"""A provider that does what a test tells it, and an outbox with little patience."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from platform_core.app import Runtime
from platform_core.contracts.messaging import (
    Driver,
    DriverField,
    Inbound,
    Outgoing,
    Parcel,
    RawCallback,
    Receipt,
    Rules,
    Taken,
)
from platform_core.kernel.ids import new_id
from platform_core.outbox import services
from platform_core.outbox.dispatch import Dispatcher, Timing
from platform_core.outbox.models import Account, Message

NUMBER = "13800138000"
EVERYTHING = ["service.cn", "marketing.cn", "test.cn"]


@dataclass
class Provider:
    """`accepted` is what really left. `answer` decides what the caller hears; None: it hears that all is well."""

    name: str = "provider"
    accepted: list[Parcel] = field(default_factory=list)
    answer: Callable[[Parcel], Taken | None] | None = None
    askable: bool = True
    asked: int = 0

    def send(self, parcel: Parcel) -> Taken:
        heard = self.answer(parcel) if self.answer else None
        self.accepted.append(parcel)
        return heard or Taken(f"{self.name}-{len(self.accepted)}")

    def find(self, ref: UUID, address: str, sent_at: datetime) -> Receipt | None:
        self.asked += 1
        if not self.askable:
            raise NotImplementedError
        return next((Receipt("sent", ref, "found") for parcel in self.accepted if parcel.ref == ref), None)

    def health(self) -> str:
        return "good"

    def read(self, raw: RawCallback) -> Sequence[Receipt | Inbound]:
        if "state" not in raw.query:
            raise ValueError("no report")
        ref = UUID(raw.query["ref"]) if "ref" in raw.query else None
        return [Receipt(raw.query["state"], ref, raw.query.get("id", ""), raw.query.get("code", ""))]  # type: ignore[arg-type]

    def close(self) -> None:
        return


class House:
    """An outbox with providers of the tests' own."""

    def __init__(self, runtime: Runtime, timing: Timing) -> None:
        self.runtime = runtime
        self.timing = timing
        self.providers: dict[str, Provider] = {}
        self.drivers: dict[str, Driver] = {}
        self.dispatcher = self.another()

    def another(self) -> Dispatcher:
        """As another worker would have it."""
        return Dispatcher(self.runtime.database, lambda: self.drivers, "http://crm.test", self.timing)

    def account(self, name: str = "first", *, rules: Rules | None = None, **changes: Any) -> tuple[UUID, Provider]:
        provider = self.providers[name] = Provider(name)
        fields = (DriverField("key", "Key", secret=True),)
        self.drivers[f"test.{name}"] = Driver(
            f"test.{name}", "sms", name, fields, lambda config: provider, rules or Rules(window=(0, 24))
        )
        values: dict[str, Any] = {"order": len(self.providers), "per_second": 1000, "serves": EVERYTHING, **changes}
        config = self.runtime.vault.encrypt_bytes(msgspec.json.encode({"key": "x"}))
        account = Account(
            id=new_id(), channel="sms", driver=f"test.{name}", name=name, config=config, tokens=1.0, **values
        )
        with self.runtime.database.system_session("test") as session:
            session.add(account)
        return account.id, provider

    def put(self, key: str = "hello:1", **changes: Any) -> UUID | None:
        given = {"channel": "sms", "owner": "test", "address": NUMBER, "text": "你好", **changes}
        with self.runtime.database.system_session("test") as session:
            return services.put(session, None, Outgoing(key=key, **given))

    def put_many(self, keys: Sequence[str], **changes: Any) -> list[UUID]:
        given = {"channel": "sms", "owner": "test", "address": NUMBER, "text": "你好", **changes}
        with self.runtime.database.system_session("test") as session:
            return services.put_many(session, None, [Outgoing(key=key, **given) for key in keys])

    def message(self, key: str = "hello:1") -> Message:
        with self.runtime.database.system_session("test", write=False) as session:
            return session.query(Message).filter_by(key=key).one()

    def states(self) -> Mapping[str, int]:
        found: dict[str, int] = {}
        with self.runtime.database.system_session("test", write=False) as session:
            for row in session.query(Message):
                found[row.state] = found.get(row.state, 0) + 1
        return found

    def change(self, key: str = "hello:1", **values: Any) -> None:
        with self.runtime.database.system_session("test") as session:
            session.query(Message).filter_by(key=key).update(values)

    def work(self, lane: str = "interactive") -> int:
        return self.dispatcher.work(lane)


@pytest.fixture
def house(runtime: Runtime) -> Iterator[House]:
    """Leases and pauses of no length: whatever waits for a moment to pass is due at once."""
    services.wake_through(None)
    usual = runtime.outbox
    yield House(runtime, Timing(lease=0.0, look_again=0.0, give_up=3600.0, drain=5.0, rest=60.0, rows=5000))
    runtime.outbox = usual
    runtime.take_charge()
