"""Settings: the routes and their steps."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import Conflict, Invalid
from platform_core.relay import route_services, route_versions
from platform_core.relay.models import Route
from platform_core.relay.route_services import RouteInput, StepInput
from platform_core.relay.workdays import routes as workdays
from platform_core.users import labels
from platform_core.web.forms import Bound, FormData, bind, initial
from platform_core.web.pages import page, redirect
from platform_core.web.routing import get, post

_FIELDS = ("department_id", "title", "checklist", "needs", "accept_hours", "work_days", "sees_from", "sees_until")
_SPARE = 2
"""Blank steps at the end of the form."""


@get("/settings/routes", permission="relay.routes", name="relay:routes")
def index(request: Request[Any, Any, Any], session: Session) -> Response[str]:
    found = route_services.routes(session, only_active=False)
    steps: dict[UUID, list[str]] = {}
    for step, department in route_services.steps_of(session, [route.id for route in found]):
        steps.setdefault(step.route_id, []).append(department)
    return page(request, "relay/routes.html", active="routes", routes=found, steps=steps)


@get("/settings/routes/new", permission="relay.routes", name="relay:route_new")
def new(request: Request[Any, Any, Any], session: Session) -> Response[str]:
    return _form(request, session, None, initial(RouteInput, active=True), [])


@get("/settings/routes/{route_id:uuid}", permission="relay.routes", name="relay:route")
def edit(
    request: Request[Any, Any, Any], session: Session, route_id: UUID, version: int | None = None
) -> Response[str]:
    """`version` fills the form with what the route was like then; it counts only when it is saved."""
    route = route_services.get(session, route_id)
    if version is None:
        found = [
            {"department_id": step.department_id, **{name: getattr(step, name) for name in _FIELDS[1:]}}
            for step, _department in route_services.steps_of(session, [route_id])
        ]
    else:
        found = route_versions.steps_at(session, route, version)
    steps = [
        initial(
            StepInput,
            **{**step, "checklist": route_services.as_text(step["checklist"]), "needs": ", ".join(step["needs"])},
        )
        for step in found
    ]
    known = initial(RouteInput, name=route.name, active=route.active, version=route.version)
    return _form(request, session, route, known, steps)


@post("/settings/routes", permission="relay.routes", name="relay:route_create")
def create(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    return _save(request, session, actor, None, form)


@post("/settings/routes/{route_id:uuid}", permission="relay.routes", name="relay:route_save")
def save(
    request: Request[Any, Any, Any], session: Session, actor: Actor, route_id: UUID, form: FormData
) -> Response[str]:
    return _save(request, session, actor, route_services.get(session, route_id), form)


def _save(
    request: Request[Any, Any, Any], session: Session, actor: Actor, route: Route | None, form: FormData
) -> Response[str]:
    bound = bind(RouteInput, form)
    steps = [bind(StepInput, values) for values in _rows(form) if values.get("department_id")]
    if bound.ok and all(step.ok for step in steps):
        try:
            route_services.save(session, actor, route, bound.require(), [step.require() for step in steps])
            return redirect(request, "/settings/routes")
        except (Invalid, Conflict) as error:
            bound.errors.update(error.fields or {"": error.message})
    return _form(request, session, route, bound, steps, 422)


def _rows(form: FormData) -> list[dict[str, str]]:
    """The steps' fields come as columns of equal length; one that is not sent at all stays at its default."""
    sent = [name for name in _FIELDS if name in form]
    columns = [form.getlist(name) for name in sent]
    return [dict(zip(sent, values, strict=True)) for values in zip(*columns, strict=False)]


def _form(
    request: Request[Any, Any, Any],
    session: Session,
    route: Route | None,
    bound: Bound[RouteInput],
    steps: list[Bound[StepInput]],
    status: int = 200,
) -> Response[str]:
    past, running = route_versions.of(session, route) if route else ([], 0)
    return page(
        request,
        "relay/route.html",
        status=status,
        active="routes",
        route=route,
        form=bound,
        steps=[*steps, *(initial(StepInput) for _number in range(_SPARE))],
        departments=labels.department_choices(session),
        past=past,
        running=running,
    )


HANDLERS = [index, new, edit, create, save, *workdays.HANDLERS]
