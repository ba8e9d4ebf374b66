"""A house with four departments, a route through it, and somebody in each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.app import Runtime
from platform_core.customers.models import Customer
from platform_core.relay import services
from platform_core.relay.models import Engagement, Leg, RelayEvent, Route, RouteStep
from platform_core.testing.factories import Factory
from platform_core.users.models import Department, User

CHECKLIST = [
    {"key": "names", "label": "Names", "required": True},
    {"key": "invoice", "label": "Invoice", "required": False},
]


@dataclass
class House:
    """collect -> train -> office -> service, with one coordinator each, a second trainer and a head of training."""

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
        with self.runtime.database.actor_session(actor) as session:
            yield session, actor

    def open(self, name: str = "collector", title: str = "Training") -> UUID:
        with self.as_(name) as (session, actor):
            return services.open_engagement(session, actor, self.customer, self.route, title).id

    def hand_over(self, name: str, engagement_id: UUID, **more: Any) -> UUID:
        with self.as_(name) as (session, actor):
            return services.hand_over(session, actor, engagement_id, note="They want a course in March.", **more).id

    def accept(self, name: str, leg_id: UUID) -> None:
        with self.as_(name) as (session, actor):
            services.accept(session, actor, leg_id)

    def tick(self, name: str, leg_id: UUID, key: str = "names") -> None:
        with self.as_(name) as (session, actor):
            services.tick(session, actor, leg_id, key, True)

    def pass_on(self, sender: str, receiver: str, engagement_id: UUID) -> UUID:
        leg_id = self.hand_over(sender, engagement_id)
        self.accept(receiver, leg_id)
        return leg_id

    def sees(self, name: str) -> dict[str, bool]:
        """Whether somebody finds the customer, its engagements, legs and events."""
        with self.as_(name) as (session, _actor):
            models = {"customer": Customer, "engagement": Engagement, "leg": Leg, "event": RelayEvent}
            return {key: bool(session.scalars(select(model)).all()) for key, model in models.items()}

    def writes(self, name: str, engagement_id: UUID) -> bool:
        with self.as_(name) as (session, actor):
            listed = [key for key, _title in services.writable_engagements(session, actor, self.customer.id)]
            answer = services.may_write(session, actor, engagement_id)
            assert answer == (engagement_id in listed)
            return answer

    def leg(self, leg_id: UUID) -> Leg:
        found = self.factory.read(Leg, leg_id)
        assert found is not None
        return found


@pytest.fixture
def house(runtime: Runtime, factory: Factory) -> House:
    departments = {name: factory.department(name) for name in ("collect", "train", "office", "service")}
    people = {
        "collector": factory.user(department=departments["collect"], name="Carol"),
        "other_collector": factory.user(department=departments["collect"], name="Otto"),
        "trainer": factory.user(department=departments["train"], name="Tom"),
        "second_trainer": factory.user(department=departments["train"], name="Tina"),
        "train_head": factory.user("department_head", departments["train"], name="Hedwig"),
        "clerk": factory.user(department=departments["office"], name="Clara"),
        "agent": factory.user(department=departments["service"], name="Adam"),
        "manager": factory.user("management", name="Max"),
        "admin": factory.user("system_admin", name="Ada"),
    }
    route = Route(code="training", name="Training")
    factory.add(route)
    for position, (name, department) in enumerate(departments.items(), 1):
        checklist = CHECKLIST if name == "office" else []
        step = RouteStep(
            route_id=route.id, position=position, department_id=department.id, title=name, checklist=checklist
        )
        factory.add(step)
    return House(runtime, factory, departments, people, route, factory.customer(people["collector"]))
