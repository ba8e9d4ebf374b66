"""A house of three departments with somebody in each, one customer, and a route whose last leg asks for a visit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from baton_plugins.activities import plans, services
from baton_plugins.activities.forms import FollowUpInput, PlanInput
from baton_plugins.activities.models import FollowUp, Plan
from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.api import Customer, Department, Route, RouteStep, User, today
from platform_core.app import Runtime
from platform_core.kernel.i18n import speaking
from platform_core.relay import services as relay
from platform_core.testing.factories import Factory


@dataclass
class House:
    """collect -> train -> service."""

    runtime: Runtime
    factory: Factory
    departments: dict[str, Department]
    people: dict[str, User]
    route: Route
    customer: Customer

    @contextmanager
    def as_(self, name: str) -> Iterator[tuple[Session, Any]]:
        """A session and actor with the rights of this moment; commits at the end."""
        actor = self.factory.actor(self.people[name])
        with speaking(actor.language), self.runtime.database.actor_session(actor) as session:
            yield session, actor

    def log(self, name: str, body: str = "They asked for dates.", **fields: Any) -> FollowUp:
        with self.as_(name) as (session, actor):
            return services.log_follow_up(session, actor, self.customer.id, FollowUpInput(body=body, **fields))

    def plan(self, name: str, subject: str = "Call about dates", **fields: Any) -> Plan:
        with self.as_(name) as (session, actor):
            data = PlanInput(**{"subject": subject, "on": today(), **fields})
            return plans.create_plan(session, actor, self.customer.id, data)

    def finish(self, name: str, plan_id: UUID, body: str = "Done.", **fields: Any) -> FollowUp:
        with self.as_(name) as (session, actor):
            return services.finish_plan(session, actor, plan_id, FollowUpInput(body=body, **fields))

    def open(self, name: str = "collector") -> UUID:
        with self.as_(name) as (session, actor):
            return relay.open_engagement(session, actor, self.customer, self.route, "Training").id

    def hand_over(self, name: str, engagement_id: UUID) -> UUID:
        with self.as_(name) as (session, actor):
            return relay.hand_over(session, actor, engagement_id, note="They want a course in March.").id

    def accept(self, name: str, leg_id: UUID) -> None:
        with self.as_(name) as (session, actor):
            relay.accept(session, actor, leg_id)

    def pass_on(self, sender: str, receiver: str, engagement_id: UUID) -> None:
        self.accept(receiver, self.hand_over(sender, engagement_id))

    def bodies(self, name: str) -> list[str]:
        with self.as_(name) as (session, _actor):
            return list(session.scalars(select(FollowUp.body).order_by(FollowUp.at, FollowUp.id)))

    def now(self) -> Customer:
        """The customer as the database has it."""
        found = self.factory.read(Customer, self.customer.id)
        assert found is not None
        return found

    def read_plan(self, plan_id: UUID) -> Plan:
        found = self.factory.read(Plan, plan_id)
        assert found is not None
        return found


@pytest.fixture
def house(runtime: Runtime, factory: Factory) -> House:
    departments = {name: factory.department(name) for name in ("collect", "train", "service")}
    people = {
        "collector": factory.user(department=departments["collect"], name="Carol"),
        "other_collector": factory.user(department=departments["collect"], name="Otto"),
        "collect_head": factory.user("department_head", departments["collect"], name="Hanna"),
        "trainer": factory.user(department=departments["train"], name="Tom"),
        "agent": factory.user(department=departments["service"], name="Adam"),
        "manager": factory.user("management", name="Max"),
        "finance": factory.user("finance", name="Fred"),
    }
    route = Route(code="training", name="Training")
    factory.add(route)
    for position, (name, department) in enumerate(departments.items(), 1):
        needs = ["first_visit"] if name == "service" else []
        factory.add(
            RouteStep(route_id=route.id, position=position, department_id=department.id, title=name, needs=needs)
        )
    customer = factory.customer(people["collector"], name="Qiheng Consulting")
    return House(runtime, factory, departments, people, route, customer)
