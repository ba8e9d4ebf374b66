"""A hand-over that is killed before any of its statements: baton and package go together, or neither does."""

from __future__ import annotations

from uuid import UUID

import pytest
from baton_plugins.activities.handing.models import SentPackage
from sqlalchemy import func, select

from platform_core.app import Runtime
from platform_core.permissions.actors import load_actor
from platform_core.relay import services
from platform_core.relay.models import Leg, Route, RouteStep
from platform_core.testing.factories import Factory
from tests.reliability.victims import serve, victims_of

_EVERY = 3


def _hand_over(runtime: Runtime, user_id: str, engagement_id: str) -> None:
    with runtime.database.system_session("who", write=False) as session:
        actor = load_actor(session, UUID(user_id))
    assert actor is not None
    with runtime.database.actor_session(actor) as session:
        services.hand_over(session, actor, UUID(engagement_id), note="Please go on.")


def _offered(runtime: Runtime) -> tuple[int, int]:
    with runtime.database.system_session("look", write=False) as session:
        legs = session.scalar(select(func.count()).select_from(Leg).where(Leg.state == "offered"))
        packages = session.scalar(select(func.count()).select_from(SentPackage))
    return legs or 0, packages or 0


@pytest.mark.any_database
def test_killed_anywhere_the_package_goes_with_the_baton(runtime: Runtime, factory: Factory) -> None:
    departments = [factory.department(), factory.department()]
    user = factory.user(department=departments[0])
    route = Route(code="two", name="Two")
    factory.add(route)
    steps = (RouteStep(route_id=route.id, position=at, department_id=each.id) for at, each in enumerate(departments, 1))
    factory.add(*steps)
    customer, actor = factory.customer(user), factory.actor(user)
    with runtime.database.actor_session(actor) as session:
        engagement_id = services.open_engagement(session, actor, customer, route, "Training").id
    statement, seen = 1, set()
    settings = runtime.settings
    with victims_of(settings.database_url, settings.data_dir, __name__) as victims:
        while victims.run(statement, str(user.id), str(engagement_id)):
            seen.add(_offered(runtime))
            statement += _EVERY
    assert seen == {(0, 0)}
    assert statement > 10
    assert _offered(runtime) == (1, 1)


if __name__ == "__main__":
    serve(_hand_over)
