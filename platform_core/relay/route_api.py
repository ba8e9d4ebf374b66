"""JSON: the house's routes, to be named when an engagement is opened."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from platform_core.relay import route_services
from platform_core.relay.models import Route, RouteStep
from platform_core.web.apis import Cursor, Items, Limit, cut
from platform_core.web.routing import get


class StepOut(msgspec.Struct, kw_only=True):
    """One department's turn: `accept_hours` to take over, `work_days` to be done; `needs` are codes of plugins.

    The department sees the customer from the `opening` of the engagement or the `offer` of its leg (`sees_from`), and
    `always` or only until its `turn` is over (`sees_until`).
    """

    position: int
    department_id: UUID
    department: str
    title: str
    checklist: list[Any]
    needs: list[str]
    accept_hours: int
    work_days: int
    sees_from: str
    sees_until: str


class RouteOut(msgspec.Struct, kw_only=True):
    """A route with its steps in order."""

    id: UUID
    name: str
    active: bool
    version: int
    """Counts its changes; engagements under way keep the steps of theirs."""
    steps: list[StepOut]


@get("/", permission="relay.view", name="relay:api_routes")
def list_routes(session: Session, cursor: Cursor = "", limit: Limit = 50) -> Items[RouteOut]:
    """The active routes by name."""
    shown, following = cut(route_services.routes(session), lambda route: route.id, cursor, limit)
    return Items(_outs(session, list(shown)), following)


@get("/{route_id:uuid}", permission="relay.view", name="relay:api_route")
def get_route(session: Session, route_id: UUID) -> RouteOut:
    """One route, active or not."""
    return _outs(session, [route_services.get(session, route_id)])[0]


def _outs(session: Session, routes: list[Route]) -> list[RouteOut]:
    steps: dict[UUID, list[StepOut]] = {}
    for step, department in route_services.steps_of(session, [route.id for route in routes]):
        steps.setdefault(step.route_id, []).append(_step(step, department))
    return [
        RouteOut(
            id=route.id, name=route.name, active=route.active, version=route.version, steps=steps.get(route.id, [])
        )
        for route in routes
    ]


def _step(step: RouteStep, department: str) -> StepOut:
    same = [name for name in StepOut.__struct_fields__ if name != "department"]
    return StepOut(**{name: getattr(step, name) for name in same}, department=department)


ROUTES = [list_routes, get_route]
