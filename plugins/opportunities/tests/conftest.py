"""A house with a route for training: collection, then training (needs a contract), then delivery."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from baton_plugins.opportunities import contracts, services
from baton_plugins.opportunities.forms import ContractInput, OpportunityInput
from baton_plugins.opportunities.models import Contract, Opportunity, ProjectType
from sqlalchemy import select

from platform_core.api import Actor, Customer, Department, Leg, Route, RouteStep, User, today
from platform_core.relay import services as relay

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@dataclass
class House:
    factory: Any
    runtime: Any
    collection: Department
    training: Department
    delivery: Department
    collector: User
    trainer: User
    clerk: User
    colleague: User
    """Works in the training department, without a part in anything."""
    manager: User
    route: Route
    customer: Customer
    actors: dict[Any, Actor] = field(default_factory=dict)

    def actor(self, user: User) -> Actor:
        """Read once: on SQLite a session that writes is alone, so that none can be opened within it."""
        if user.id not in self.actors:
            self.actors[user.id] = self.factory.actor(user)
        return self.actors[user.id]

    def acting(self, user: User):
        """A session of this user, committed at the end."""
        return self.runtime.database.actor_session(self.actor(user))

    def opportunity(self, user: User | None = None, **fields: Any) -> Opportunity:
        user = user or self.collector
        values = {"title": "Leadership training", "project_type": "training", "expected_value": Decimal(38000)}
        with self.acting(user) as session:
            return services.create(
                session, self.actor(user), self.customer.id, OpportunityInput(**{**values, **fields})
            )

    def hand_over(self, user: User, opportunity: Opportunity) -> None:
        with self.acting(user) as session:
            relay.hand_over(session, self.actor(user), opportunity.engagement_id, note="Please take it on")

    def accept(self, user: User, opportunity: Opportunity) -> None:
        with self.acting(user) as session:
            leg_id = session.scalars(
                select(Leg.id).where(Leg.engagement_id == opportunity.engagement_id, Leg.state == "offered")
            ).one()
            relay.accept(session, self.actor(user), leg_id)

    def taken(self) -> Opportunity:
        """An opportunity that the trainer has taken over."""
        opportunity = self.opportunity()
        self.hand_over(self.collector, opportunity)
        self.accept(self.trainer, opportunity)
        return opportunity

    def sign(self, user: User, opportunity: Opportunity, upload: Any, **fields: Any) -> Contract:
        values = {"number": "HT-2026-001", "signed_on": today(), "amount": Decimal(38000), "term": "two years"}
        with self.acting(user) as session:
            data = ContractInput(**{**values, **fields})
            return contracts.sign(session, self.actor(user), opportunity.id, data, upload=upload)


@pytest.fixture
def house(runtime, factory) -> House:
    collection, training, delivery = (factory.department(name) for name in ("资料收集部", "培训管理部", "客户部"))
    collector, trainer, clerk = (
        factory.user("coordinator", department, name=name)
        for department, name in ((collection, "赵敏"), (training, "王晓"), (delivery, "李文博"))
    )
    colleague = factory.user("coordinator", training, name="周启")
    manager = factory.user("management", name="总经理")
    route = Route(code="training", name="Training route")
    factory.add(route)
    steps = ((collection, []), (training, ["contract"]), (delivery, []))
    factory.add(
        *(
            RouteStep(route_id=route.id, position=position, department_id=department.id, needs=needs)
            for position, (department, needs) in enumerate(steps, 1)
        )
    )
    with runtime.database.system_session("tests") as session:
        session.scalars(select(ProjectType).where(ProjectType.code == "training")).one().route_id = route.id
    customer = factory.customer(collector, name="上海启衡管理咨询有限公司")
    return House(
        factory, runtime, collection, training, delivery, collector, trainer, clerk, colleague, manager, route, customer
    )


@pytest.fixture
def pdf(tmp_path) -> Any:
    """An uploaded contract as services get it."""
    return make_upload()


def make_upload(content: bytes = PDF, filename: str = "contract.pdf") -> Any:
    return SimpleNamespace(filename=filename, file=BytesIO(content))


@pytest.fixture
def upload() -> Any:
    return make_upload


@pytest.fixture
def signed(house, pdf):
    opportunity = house.taken()
    return opportunity, house.sign(house.trainer, opportunity, pdf)
