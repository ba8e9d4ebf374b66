"""A house that greets: customers with numbers, occasions that are kept, nights."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from baton_plugins.care import sending
from baton_plugins.care.models import Greeting, Occasion, Wording
from sqlalchemy import select

from platform_core.api import Contact, Customer, JobContext, at_local, new_id
from platform_core.api.messages import OutboxMessage, establish_account, message_drivers
from platform_core.customers import points
from platform_core.kernel.clock import freeze
from platform_core.kernel.model import METADATA
from platform_core.outbox.dispatch import Dispatcher, Timing
from platform_core.privacy.consent import Consent

DAY = date(2026, 9, 25)
"""Mid-Autumn Festival, 8-15 of the lunar year"""
TEXT = "{contact}您好，祝您节日快乐！拒收请回复R"


@dataclass
class House:
    runtime: Any
    factory: Any
    user: Any

    def customer(self, name: str, number: str, *, agreed: bool = True, **fields: Any) -> UUID:
        made = self.factory.customer(self.user, name=name)
        with self.runtime.database.system_session("test") as session:
            customer = session.get(Customer, made.id)
            for field, value in {"contact_name": name, **fields}.items():
                setattr(customer, field, value)
            point = points.add(session, customer_id=customer.id, kind="mobile", text=number)
            session.flush()
            customer.phone_point_id = point.id
            if agreed:
                given = {"channel": "sms", "purpose": "greeting", "given": True, "source": "form"}
                session.add(Consent(id=new_id(), customer_id=customer.id, at=at_local(DAY, 0), **given))
        return made.id

    def contact(self, customer_id: UUID | None, name: str, number: str, *, agreed: bool = True, **told: Any) -> UUID:
        """`customer_id` None: it stands alone."""
        made = Contact(id=new_id(), customer_id=customer_id, name=name, **{"owner_id": self.user.id, **told})
        with self.runtime.database.system_session("test") as session:
            session.add(made)
            session.flush()
            if number:
                points.add(session, customer_id=customer_id, contact_id=made.id, kind="mobile", text=number)
            if agreed:
                given = {"channel": "sms", "purpose": "greeting", "given": True, "source": "form"}
                session.add(Consent(id=new_id(), contact_id=made.id, at=at_local(DAY, 0), **given))
        return made.id

    def keep(self, code: str, template_id: UUID, **fields: Any) -> UUID:
        with self.runtime.database.system_session("test") as session:
            occasion = session.scalars(select(Occasion).where(Occasion.code == code)).one()
            occasion.active = True
            for field, value in fields.items():
                setattr(occasion, field, value)
            session.add(Wording(occasion_id=occasion.id, grade="", template_id=template_id))
            return occasion.id

    def night(self, day: date = DAY) -> None:
        with freeze(at_local(day, 0, 20)):
            sending.run(JobContext(self.runtime.database, new_id(), {}, 1, timedelta(minutes=5), None))

    def greetings(self) -> dict[str, tuple[str, str, str]]:
        with self.runtime.database.system_session("test", write=False) as session:
            rows = session.execute(
                select(Customer.name, Occasion.code, Greeting.state, Greeting.why)
                .join(Customer, Customer.id == Greeting.customer_id)
                .join(Occasion, Occasion.id == Greeting.occasion_id)
            )
            return {name: (code, state, why) for name, code, state, why in rows}

    def plans(self) -> list[tuple[str, UUID]]:
        plan = METADATA.tables["activities_plan"]
        with self.runtime.database.system_session("test", write=False) as session:
            return [tuple(row) for row in session.execute(select(plan.c.subject, plan.c.assignee_id))]

    def messages(self) -> Counter[str]:
        with self.runtime.database.system_session("test", write=False) as session:
            return Counter(session.scalars(select(OutboxMessage.state)))


@pytest.fixture
def house(runtime, factory):
    user = factory.user("management", name="Li Na")
    made = House(runtime, factory, user)
    usual, runtime.outbox = runtime.outbox, Dispatcher(runtime.database, runtime.outbox._drivers, "", Timing(lease=0.0))
    with runtime.database.system_session("test") as session:
        account = establish_account(session, message_drivers(session)["sms.trial"], "trial", {"file": ""})
        account.tokens = 20.0
    yield made
    runtime.outbox.close()
    runtime.outbox = usual


@pytest.fixture
def template(house, browser) -> UUID:
    page = browser.sign_in(house.user)
    given = {"name": "Greeting", "text": TEXT, "purpose": "greeting", "active": "1"}
    assert page.post("/settings/sms-templates/new", given).status_code == 303
    found = re.findall(r"/settings/sms-templates/([0-9a-f-]{36})", page.get("/settings/sms-templates").text)
    return UUID(found[0])
