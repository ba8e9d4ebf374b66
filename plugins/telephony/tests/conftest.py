"""Two departments with telephones, customers with numbers, and an agent that reports calls over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

import pytest
from baton_plugins.telephony import sources
from baton_plugins.telephony.forms import LineInput, Pairing, SourceInput
from baton_plugins.telephony.models import Call, Ring, Source
from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.api import Customer, CustomerInput, User, customer_create, now
from platform_core.app import Runtime
from platform_core.kernel import signals
from platform_core.kernel.i18n import speaking
from platform_core.testing.browser import Browser
from platform_core.testing.factories import Factory


@dataclass
class House:
    runtime: Runtime
    factory: Factory
    browser: Browser
    people: dict[str, User]
    signalled: list[tuple[str, str]] = field(default_factory=list)
    """(name, kind) of signals that left after commit."""
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @contextmanager
    def as_(self, name: str) -> Iterator[tuple[Session, Any]]:
        actor = self.factory.actor(self.people[name])
        with speaking(actor.language), self.runtime.database.actor_session(actor) as session:
            yield session, actor

    def customer(self, owner: str, name: str, phone: str, **fields: Any) -> Customer:
        with self.as_(owner) as (session, actor):
            return customer_create(session, actor, CustomerInput(name=name, phone=phone, **fields))

    def agent(self, *lines: tuple[str, str], **fields: Any) -> Agent:
        """A paired agent; `lines` are (line, name)."""
        with self.as_("admin") as (session, actor):
            source, code = sources.add(session, actor, SourceInput(kind="agent", name="Box", **fields))
            for line, name in lines:
                sources.add_line(session, actor, source, LineInput(line=line, user_id=self.people[name].id))
        with self.runtime.database.system_session("pair") as session:
            token = sources.pair(session, Pairing(code=code)).token
        return Agent(self, source, token)

    def page(self, name: str) -> Browser:
        return self.browser.sign_in(self.people[name])

    def card(self, name: str) -> str:
        answer = self.page(name).get("/calls/card")
        assert answer.status_code == 200
        return answer.text

    def calls(self) -> list[Call]:
        with self.runtime.database.system_session("look", write=False) as session:
            return list(session.scalars(select(Call).order_by(Call.started_at)))

    def rings(self) -> dict[str, str]:
        """Name -> state of the ring, of the only call."""
        with self.runtime.database.system_session("look", write=False) as session:
            names = {user.id: name for name, user in self.people.items()}
            return {names[ring.user_id]: ring.state for ring in session.scalars(select(Ring))}


@dataclass
class Agent:
    house: House
    source: Source
    token: str

    def send(self, *events: dict[str, Any], sent_at: datetime | None = None, status: int = 200) -> Any:
        body = {"sent_at": (sent_at or now()).isoformat(), "version": "0.1.0", "events": list(events)}
        answer = self.house.browser.request(
            "POST", "/api/v1/telephony/events", json=body, headers={"Authorization": f"Agent {self.token}"}
        )
        assert answer.status_code == status, answer.text
        return answer.json()

    def event(self, kind: str, call: str = "c1", **fields: Any) -> dict[str, Any]:
        return {"id": f"e{next(self.house.numbers)}", "kind": kind, "call": call, "at": now().isoformat(), **fields}

    def ring(self, number: str, call: str = "c1", **fields: Any) -> dict[str, Any]:
        event = self.event("ringing", call, number=number, line="1", **fields)
        self.send(event)
        return event


@pytest.fixture
def house(runtime: Runtime, factory: Factory, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> House:
    sales, training = factory.department("Sales"), factory.department("Training")
    people = {
        "carol": factory.user(department=sales, name="Carol", extension="101"),
        "otto": factory.user(department=sales, name="Otto", extension="102"),
        "tom": factory.user(department=training, name="Tom", extension="201"),
        "max": factory.user("management", name="Max"),
        "admin": factory.user("system_admin", name="Ada"),
    }
    house = House(runtime, factory, browser, people)
    names = {user.id: name for name, user in people.items()}
    hear: Callable[..., None] = lambda users, kind, value: house.signalled.extend(  # noqa: E731
        (names.get(user, "a source"), kind) for user in users
    )
    monkeypatch.setattr(signals, "_send", [hear])
    return house
