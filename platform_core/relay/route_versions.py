"""What a route was like before each change, and which engagements still run by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.scope import proven
from platform_core.relay.models import Engagement, Route, RouteStep, RouteVersion

_ = translator("relay")
_KEPT = ("title", "checklist", "needs", "accept_hours", "work_days", "sees_from", "sees_until")
_MOST = 50


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier version. `running`: open engagements that were opened with it."""

    version: int
    name: str
    at: datetime
    by: str
    steps: int
    running: int


def keep(session: Session, actor: Actor, route: Route, steps: Sequence[RouteStep]) -> None:
    """Put the route aside as it is, before it is changed, and count on."""
    told = [
        {"department_id": step.department_id.hex, **{name: getattr(step, name) for name in _KEPT}} for step in steps
    ]
    session.add(
        RouteVersion(route_id=route.id, version=route.version, name=route.name, steps=told, by_label=actor.name)
    )
    route.version += 1


def of(session: Session, route: Route) -> tuple[list[Past], int]:
    """Earlier versions, latest first, and how many open engagements run by the present one. Two statements."""
    rows = session.scalars(
        select(RouteVersion).where(RouteVersion.route_id == route.id).order_by(RouteVersion.version.desc()).limit(_MOST)
    )
    running = running_by(session, route.id)
    past = [
        Past(row.version, row.name, row.at, row.by_label, len(row.steps), running.get(row.version, 0)) for row in rows
    ]
    return past, running.get(route.version, 0)


def running_by(session: Session, route_id: UUID) -> dict[int | None, int]:
    """Version -> open engagements. Numbers alone: whoever keeps routes need not see customers."""
    counted = (
        select(Engagement.route_version, func.count())
        .where(Engagement.route_id == route_id, Engagement.state == "open")
        .group_by(Engagement.route_version)
    )
    proof = proven("how many engagements run by a version of a route, of whomever they are")
    return dict(session.execute(counted, execution_options=proof).all())


def steps_at(session: Session, route: Route, version: int) -> list[dict[str, Any]]:
    """The steps of an earlier version, as columns by name. Raises NotFound."""
    row = session.scalars(
        select(RouteVersion).where(RouteVersion.route_id == route.id, RouteVersion.version == version)
    ).one_or_none()
    if row is None:
        raise NotFound(_("There is no such version of this route."))
    return [{**step, "department_id": UUID(step["department_id"])} for step in row.steps]
