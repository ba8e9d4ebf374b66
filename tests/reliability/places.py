"""A house whose batons are passed on by programs, and what its database says about each of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

import httpx
from baton_plugins.activities.models import Plan
from sqlalchemy import Table, or_, select

from platform_core.app import Runtime
from platform_core.customers.models import Customer
from platform_core.kernel.model import METADATA
from platform_core.kernel.models import IdempotencyKey
from platform_core.relay import services as relay
from platform_core.relay.models import Leg, Route, RouteStep
from platform_core.testing.browser import Browser
from platform_core.testing.factories import Factory
from platform_core.testing.serving import Served
from platform_core.users.models import Notification, User

_RANDOM = re.compile(r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b[0-9a-f]{32}\b|\d{4}-\d\d-\d\d[T0-9:.+Z-]*|C-\d{5}")
_ACTS = ("offer", "accept", "finish")


@dataclass
class Baton:
    """One engagement of a customer of its own, and how far it has come as the database shows it."""

    customer: Customer
    engagement_id: UUID
    leg_id: UUID
    """Of the department that is offered it."""


@dataclass
class Place:
    runtime: Runtime
    factory: Factory
    served: Served
    _tokens: dict[UUID, str] = field(default_factory=dict)

    @cached_property
    def sender(self) -> User:
        return self.factory.user(department=self.factory.department("collect"), name="Carol")

    @cached_property
    def receiver(self) -> User:
        return self.factory.user(department=self.factory.department("train"), name="Tom")

    @cached_property
    def route(self) -> Route:
        route = Route(code="training", name="Training")
        self.factory.add(route)
        steps = [(self.sender.department_id, []), (self.receiver.department_id, ["first_visit"])]
        for position, (department_id, needs) in enumerate(steps, 1):
            self.factory.add(
                RouteStep(route_id=route.id, position=position, department_id=department_id, title="", needs=needs)
            )
        return route

    def baton(self) -> Baton:
        """A customer whose engagement the sender holds."""
        customer = self.factory.customer(self.sender, name="Customer", name_key="customer")
        actor = self.factory.actor(self.sender)
        with self.runtime.database.actor_session(actor) as session:
            engagement = relay.open_engagement(session, actor, customer, self.route, "Training")
            session.flush()
            second = select(Leg.id).where(Leg.engagement_id == engagement.id, Leg.position == 2)
            return Baton(customer, engagement.id, session.scalars(second).one())

    @contextmanager
    def program(self) -> Iterator[httpx.Client]:
        with httpx.Client(base_url=self.served.url, timeout=60) as client:
            yield client

    @contextmanager
    def browser(self, user: User) -> Iterator[Browser]:
        with self.program() as client:
            yield Browser(self.runtime, client).sign_in(user)

    def act(self, client: httpx.Client, baton: Baton, act: str) -> httpx.Response:
        """Hand over, take over, or finish the first visit's plan with a follow-up and a next plan; always one key each.

        Raises httpx.TransportError when the server is killed meanwhile.
        """
        if act == "offer":
            path, data = f"engagements/{baton.engagement_id}/offer", {"note": "They want a course in March."}
        elif act == "accept":
            path, data = f"legs/{baton.leg_id}/accept", None
        else:
            with self.runtime.database.system_session("test", write=False) as session:
                plan = session.scalars(
                    select(Plan.id).where(Plan.engagement_id == baton.engagement_id, Plan.cause != "").limit(1)
                ).one()
            path, data = f"plans/{plan}/finish", {"body": "They liked it.", "next": "3d", "next_subject": "Call again"}
        user = self.sender if act == "offer" else self.receiver
        headers = {"Authorization": f"Bearer {self._token(user)}", "Idempotency-Key": f"{act} {baton.engagement_id}"}
        return client.post(f"/api/v1/{path}", json=data, headers=headers)

    def _token(self, user: User) -> str:
        if user.id not in self._tokens:
            cookie = Browser(self.runtime, httpx.Client()).token(user).cookie
            self._tokens[user.id] = cookie.removeprefix("Bearer ")
        return self._tokens[user.id]

    def pass_on(self, client: httpx.Client, baton: Baton) -> Iterator[str]:
        """All acts in order; yields the name of each that was answered well."""
        for act in _ACTS:
            answer = self.act(client, baton, act)
            assert answer.status_code in {200, 201}, answer.text
            yield act

    def state(self, baton: Baton) -> str:
        """Every row of every table that belongs to the baton, without what differs from one baton to the next."""
        names = {user.id: user.name for user in (self.sender, self.receiver)}
        rows = []
        with self.runtime.database.connection("what became of it?") as connection:
            for table, condition in _tables_of(baton):
                rows += [
                    [table.name, {name: _plain(value, names) for name, value in row.items() if name not in _NUMBERED}]
                    for row in connection.execute(table.select().where(condition)).mappings()
                ]
        return "\n".join(sorted(json.dumps(row, sort_keys=True) for row in rows))


_NUMBERED = {"seq"}
"""Columns that number the rows of everybody, one after the other."""


def _tables_of(baton: Baton) -> Iterator[tuple[Table, Any]]:
    for table in METADATA.sorted_tables:
        columns = table.columns
        if table.name == "customers_customer":
            yield table, columns["id"] == baton.customer.id
        elif "customer_id" in columns:
            yield table, columns["customer_id"] == baton.customer.id
        elif "engagement_id" in columns:
            yield table, columns["engagement_id"] == baton.engagement_id
    urls = Notification.__table__.columns["url"]
    told = or_(*(urls.contains(str(key)) for key in (baton.engagement_id, baton.leg_id, baton.customer.id)))
    yield METADATA.tables["users_notification"], told
    keys = IdempotencyKey.__table__.columns["key"]
    yield METADATA.tables[IdempotencyKey.__tablename__], keys.endswith(str(baton.engagement_id))


def _plain(value: Any, names: dict[UUID, str]) -> Any:
    if isinstance(value, UUID):
        return names.get(value, "id")
    if isinstance(value, date):  # a moment is one, too
        return "then"
    if isinstance(value, bytes):
        return bool(value)
    if isinstance(value, str):
        return _RANDOM.sub("…", value)
    if isinstance(value, dict):
        return {key: _plain(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, names) for item in value]
    return value
