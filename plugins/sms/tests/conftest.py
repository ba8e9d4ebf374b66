"""A customer with a mobile number, somebody who looks after it, and an account from which nothing leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from baton_plugins.sms import drivers

from platform_core.api import Customer, User
from platform_core.api.messages import OutboxMessage, establish_account
from platform_core.app import Runtime
from platform_core.customers import points
from platform_core.outbox import services as outbox
from platform_core.outbox.dispatch import Dispatcher, Timing

NUMBER = "13800138000"


@dataclass
class Shop:
    runtime: Runtime
    factory: Any
    user: User
    customer: Customer
    point_id: Any
    account_id: Any
    timing: Timing = field(default_factory=lambda: Timing(lease=0.0, look_again=0.0))

    def work(self) -> int:
        return self.runtime.outbox.work("interactive")

    def message(self) -> OutboxMessage:
        with self.runtime.database.system_session("test", write=False) as session:
            return session.query(OutboxMessage).one()


@pytest.fixture
def shop(runtime: Runtime, factory) -> Iterator[Shop]:
    user = factory.user("management", name="Li Na")
    customer = factory.customer(user, name="Harbour Ltd")
    with runtime.database.system_session("test") as session:
        point = points.add(session, customer_id=customer.id, kind="mobile", text=NUMBER)
        account = establish_account(session, drivers.TRIAL, "trial", {"file": ""})
        account.tokens = 20.0
    usual, runtime.outbox = (
        runtime.outbox,
        Dispatcher(runtime.database, runtime.outbox._drivers, "http://crm.test", Timing(lease=0.0, look_again=0.0)),
    )
    outbox.wake_through(None)
    yield Shop(runtime, factory, user, customer, point.id, account.id)
    runtime.outbox.close()
    runtime.outbox = usual
    runtime.take_charge()
