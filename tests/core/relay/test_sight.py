"""What a department sees of a customer depends on the stage it is in: the guard and a plain reading of the rules agree."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from platform_core.customers.models import Customer
from platform_core.relay import audience, services
from platform_core.relay.models import Engagement, Route, RouteStep
from platform_core.testing import pytest_plugin as kit

SIGHTS = [(begin, end) for begin in ("offer", "opening") for end in ("always", "turn")]


@dataclass
class Stage:
    """One department of a route: its head, who reaches all of it, and what the rules say it has seen so far."""

    head: object
    staff: object
    begin: str
    end: str
    has_had: bool = False
    is_over: bool = False

    @property
    def sees(self) -> bool:
        return (self.has_had or self.begin == "opening") and not (self.is_over and self.end == "turn")


@dataclass
class Matter:
    runtime: object
    factory: object
    customer: Customer
    stages: list[Stage] = field(default_factory=list)
    engagement_id: object = None
    leg_id: object = None
    at: int = 0

    def act(self, user, call):
        with self.runtime.database.actor_session(self.factory.actor(user)) as session:
            return call(session, session.info["actor"])

    def open(self, route):
        def call(session, actor):
            customer = session.get_one(Customer, self.customer.id)
            return services.open_engagement(session, actor, customer, session.get_one(Route, route.id), "matter").id

        self.engagement_id = self.act(self.stages[0].staff, call)
        self.stages[0].has_had = True

    def step(self, random):
        """Hand on, take over or return, finish, cancel: whatever may come next. Returns False when it is closed."""
        here = self.stages[self.at]
        if self.leg_id is not None:
            following = self.stages[self.at + 1]
            if random.random() < 0.35:
                self.act(following.staff, lambda session, actor: services.return_leg(session, actor, self.leg_id, "no"))
                following.has_had = False
            else:
                self.act(following.staff, lambda session, actor: services.accept(session, actor, self.leg_id))
                here.is_over = True
                self.at += 1
            self.leg_id = None
            return True
        if random.random() < 0.15:
            self.act(here.staff, lambda session, actor: services.cancel(session, actor, self.engagement_id, "stop"))
            for stage in self.stages:
                stage.is_over = True
            return False
        if self.at == len(self.stages) - 1:
            self.act(here.staff, lambda session, actor: services.finish(session, actor, self.engagement_id))
            here.is_over = True
            return False
        made = self.act(
            here.staff, lambda session, actor: services.hand_over(session, actor, self.engagement_id, note="go on")
        )
        self.leg_id, self.stages[self.at + 1].has_had = made.id, True
        return True

    def check(self, seen):
        with self.runtime.database.system_session("look", write=False) as session:
            told = {
                viewer.actor.user_id
                for viewer in audience.viewers(session, session.get_one(Customer, self.customer.id))
            }
        for number, stage in enumerate(self.stages):
            for model in (Customer, Engagement):
                found = self.act(
                    stage.head, lambda session, _actor, model=model: session.scalars(select(model.id)).all()
                )
                assert bool(found) is stage.sees, (number, stage, model.__name__)
            assert (stage.head.id in told) is stage.sees
            seen.add((stage.begin, stage.end, stage.sees, stage.is_over))


def route_of(factory, stages, code="sight"):
    route = Route(code=code, name=code)
    factory.add(route)
    for position, stage in enumerate(stages, 1):
        factory.add(
            RouteStep(
                route_id=route.id, position=position, department_id=stage.head.department_id, title="x",
                sees_from=stage.begin, sees_until=stage.end,
            )
        )  # fmt: skip
    return route


def test_each_department_sees_what_its_stage_allows(stand: kit.Stand, factory):
    runtime, seen = stand.runtime, set()

    @settings(
        max_examples=10, deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
    )
    @given(st.integers(min_value=0, max_value=2**32))
    def explore(seed):
        with runtime.database.connection("clean up after a house") as connection:
            kit._restore(connection, stand)
        random = Random(seed)
        matter = Matter(runtime, factory, factory.customer())
        for _ in range(4):
            place = factory.department()
            head, staff = factory.user("department_head", place), factory.user("coordinator", place)
            matter.stages.append(Stage(head, staff, *random.choice(SIGHTS)))
        route = route_of(factory, matter.stages)
        opener = matter.stages[0].staff
        with runtime.database.system_session("test") as session:
            session.get_one(Customer, matter.customer.id).owner_id = opener.id
        matter.open(route)
        matter.check(seen)
        for _ in range(12):
            goes_on = matter.step(random)
            matter.check(seen)
            if not goes_on:
                break

    explore()
    assert len(seen) >= 8, "the houses were too plain to tell anything"


@pytest.mark.parametrize(("begin", "end"), SIGHTS)
def test_the_form_of_a_route_says_what_each_step_sees(browser, factory, runtime, begin, end, count_queries):
    place = factory.department("First")
    inside = browser.sign_in(factory.user("office"))
    form = {
        "name": "By stage", "active": "1", "department_id": str(place.id), "title": "x", "checklist": "", "needs": "",
        "accept_hours": "8", "work_days": "14", "sees_from": begin, "sees_until": end,
    }  # fmt: skip
    assert inside.post("/settings/routes", {**form, "sees_from": "never"}).status_code == 422
    assert inside.post("/settings/routes", form).status_code == 303
    with runtime.database.system_session("look", write=False) as session:
        route = session.scalars(select(Route).where(Route.name == "By stage")).one()
        (step,) = session.scalars(select(RouteStep).where(RouteStep.route_id == route.id)).all()
    assert (step.sees_from, step.sees_until) == (begin, end)
    with count_queries(at_most=12):
        shown = inside.get(f"/settings/routes/{route.id}").text
    assert f'value="{begin}" selected' in shown
    assert f'value="{end}" selected' in shown


def test_those_who_worked_on_it_lose_sight_with_their_stage(runtime, factory):
    """The person who held the baton too, and not before the next department has taken over."""
    first, second = SimpleNamespace(), SimpleNamespace()
    stages = []
    for _ in (first, second):
        place = factory.department()
        stages.append(
            Stage(factory.user("department_head", place), factory.user("coordinator", place), "offer", "turn")
        )
    matter = Matter(runtime, factory, factory.customer(), stages)
    route = route_of(factory, stages)
    helper = factory.user("coordinator", factory.department())
    with runtime.database.system_session("test") as session:
        session.get_one(Customer, matter.customer.id).owner_id = stages[0].staff.id
    matter.open(route)
    with runtime.database.system_session("test") as session:
        session.get_one(Customer, matter.customer.id).owner_id = helper.id
    calm = Random(1)
    calm.random = lambda: 0.9
    sees = lambda user: bool(matter.act(user, lambda session, _actor: session.scalars(select(Customer.id)).all()))  # noqa: E731
    assert matter.step(calm)
    assert sees(stages[0].staff), "it waits, and may come back"
    assert matter.step(calm)
    assert not sees(stages[0].staff)
    assert sees(stages[1].staff)
