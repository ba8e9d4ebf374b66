"""Editing the house's routes. Engagements that are under way keep the legs they were opened with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import Conflict, Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.ids import new_id
from platform_core.relay import route_versions
from platform_core.relay.models import Route, RouteStep
from platform_core.users.models import Department

_ = translator("relay")
_REQUIRED = "*"


class RouteInput(Struct, kw_only=True):
    name: Annotated[str, Meta(max_length=80)]
    active: bool = False
    version: int | None = None
    """The one that the form was filled from: what somebody else has saved since is not overwritten."""


class StepInput(Struct, kw_only=True):
    department_id: UUID
    title: Annotated[str, Meta(max_length=80)] = ""
    checklist: Annotated[str, Meta(max_length=4000)] = ""
    """A line per item; a star at its end marks those without which the leg cannot be handed over."""
    needs: Annotated[str, Meta(max_length=200)] = ""
    """Codes that plugins check, separated by commas or blanks."""
    accept_hours: Annotated[int, Meta(ge=1, le=1000)] = 8
    work_days: Annotated[int, Meta(ge=1, le=1000)] = 14
    sees_from: Literal["offer", "opening"] = "offer"
    sees_until: Literal["always", "turn"] = "always"


def routes(session: Session, *, only_active: bool = True) -> list[Route]:
    statement = select(Route).order_by(Route.name, Route.id)
    return list(session.scalars(statement.where(Route.active) if only_active else statement))


def steps_of(session: Session, route_ids: Sequence[UUID]) -> list[tuple[RouteStep, str]]:
    """Steps with their department's name, in order."""
    statement = (
        select(RouteStep, Department.name)
        .join(Department, Department.id == RouteStep.department_id)
        .where(RouteStep.route_id.in_(route_ids))
        .order_by(RouteStep.route_id, RouteStep.position)
    )
    return [(step, name) for step, name in session.execute(statement)]


def get(session: Session, route_id: UUID) -> Route:
    """Raises NotFound."""
    route = session.get(Route, route_id)
    if route is None:
        raise NotFound(_("This route does not exist."))
    return route


def save(session: Session, actor: Actor, route: Route | None, data: RouteInput, steps: Sequence[StepInput]) -> Route:
    """Create a route, or change one and replace its steps; how it was is kept.

    Raises Invalid without steps or for unknown departments, Conflict when somebody has changed it meanwhile.
    """
    wanted = {step.department_id for step in steps}
    known = set(session.scalars(select(Department.id).where(Department.id.in_(wanted))))
    if not steps or known != wanted:
        raise Invalid(_("Name at least one department."), fields={"": _("Name at least one department.")})
    keys: dict[str, str] = {}
    if route is None:
        route = Route(code=new_id().hex[:12], name=data.name)
        session.add(route)
        session.flush()  # steps need its id
    else:
        session.refresh(route, with_for_update=True)
        if data.version not in {None, route.version}:
            raise Conflict(
                _("Somebody else has changed this route meanwhile: version %(number)d.", number=route.version)
            )
        of_route = select(RouteStep).where(RouteStep.route_id == route.id).order_by(RouteStep.position)
        old = session.scalars(of_route).all()
        route_versions.keep(session, actor, route, old)
        keys = {item["label"]: item["key"] for step in old for item in step.checklist}
        session.execute(delete(RouteStep).where(RouteStep.route_id == route.id))
    route.name, route.active = data.name, data.active
    for position, step in enumerate(steps, 1):
        session.add(
            RouteStep(
                route_id=route.id,
                position=position,
                department_id=step.department_id,
                title=step.title,
                checklist=_items(step.checklist, keys),
                needs=step.needs.replace(",", " ").split(),
                accept_hours=step.accept_hours,
                work_days=step.work_days,
                sees_from=step.sees_from,
                sees_until=step.sees_until,
            )
        )
    after = {
        "name": data.name, "active": data.active, "version": route.version,
        "departments": [step.department_id.hex for step in steps],
        "sees_from": [step.sees_from for step in steps], "sees_until": [step.sees_until for step in steps],
    }  # fmt: skip
    audit.record(session, actor, "relay.route_save", EntityRef("relay", "route", route.id, route.name), after=after)
    return route


def _items(text: str, keys: dict[str, str]) -> list[dict[str, Any]]:
    """An item whose label stays keeps its key, since plugins may look for it."""
    items = []
    for line in text.splitlines():
        label = line.strip().removesuffix(_REQUIRED).strip()[:80]
        if label:
            key = keys.get(label) or new_id().hex[-8:]
            items.append({"key": key, "label": label, "required": line.strip().endswith(_REQUIRED)})
    return items


def as_text(items: Sequence[dict[str, Any]]) -> str:
    """A checklist as the form shows it."""
    return "\n".join(f"{item['label']} {_REQUIRED}" if item.get("required") else item["label"] for item in items)
