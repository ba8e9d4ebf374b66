"""Kinds of business, kept by admins; each names the route that its opportunities take."""

from __future__ import annotations

from uuid import UUID

import pluggy
from baton_plugins.opportunities.forms import ProjectTypeInput
from baton_plugins.opportunities.models import ProjectType
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from platform_core.api import (
    Actor,
    Department,
    EntityRef,
    Invalid,
    NotFound,
    ProjectKind,
    Route,
    RouteStep,
    Session,
    changes,
    declared,
    new_id,
    record,
    translator,
)

_ = translator("opportunities")
hookimpl = pluggy.HookimplMarker("baton")
_FIELDS = ("code", "name", "route_id", "active", "order")


@hookimpl
def baton_seed(session: Session) -> None:
    """The two lines of business a fresh install starts with, and those that plugins bring; admins set their routes."""
    if session.scalar(select(ProjectType.id).limit(1)) is None:
        session.add(ProjectType(code="training", name=_.pgettext("project type", "Training"), order=10))
        session.add(ProjectType(code="headhunting", name=_.pgettext("project type", "Headhunting"), order=20))
    known = set(session.scalars(select(ProjectType.code)))
    for kind in declared(session, ProjectKind, installed=True):
        if kind.code not in known:
            session.add(ProjectType(code=kind.code, name=str(kind.label), order=kind.order))


def get(session: Session, type_id: UUID) -> ProjectType:
    found = session.get(ProjectType, type_id)
    if found is None:
        raise NotFound(_("There is no such project type."))
    return found


def save(session: Session, actor: Actor, type_id: UUID | None, data: ProjectTypeInput) -> ProjectType:
    """Add a type (`type_id` None) or change one. Raises Invalid at the code and for an unknown route."""
    if data.route_id is not None and session.get(Route, data.route_id) is None:
        raise Invalid(_("Please check the marked fields."), fields={"route_id": _("Please choose from the list.")})
    kind = ProjectType(id=new_id(), code="") if type_id is None else get(session, type_id)
    _check_code(kind, data.code)
    before = {} if type_id is None else {name: getattr(kind, name) for name in _FIELDS}
    for name in _FIELDS:
        setattr(kind, name, getattr(data, name))
    try:
        with session.begin_nested():
            session.add(kind)
    except IntegrityError as error:
        text = _("The code %(code)s is taken by another project type.", code=data.code)
        raise Invalid(_("Please check the marked fields."), fields={"code": text}) from error
    old, new = changes(before, {name: getattr(kind, name) for name in _FIELDS})
    if new:
        ref = EntityRef("opportunities", "project_type", kind.id, kind.name)
        record(session, actor, "opportunities.save_type", ref, before=old, after=new)
    return kind


def _check_code(kind: ProjectType, code: str) -> None:
    """Plugins know their types by it."""
    is_same = code == kind.code
    message = ""
    if kind.plugin and not is_same:
        message = _("This type is brought by a plugin, which knows it by its code.")
    elif "." in code and not is_same:
        message = _("Codes with a dot are those of plugins.")
    if message:
        raise Invalid(_("Please check the marked fields."), fields={"code": message})


def routes(session: Session, *, current: UUID | None = None) -> list[tuple[UUID, str]]:
    """(id, name) of the routes that may be chosen: active ones, and the current one even if it is not."""
    found = session.scalars(select(Route).order_by(Route.name))
    return [(route.id, route.name) for route in found if route.active or route.id == current]


def stations(session: Session, route_ids: set[UUID]) -> dict[UUID, list[str]]:
    """Route id -> names of its departments in order; routes that are switched off are left out."""
    if not route_ids:
        return {}
    found = session.execute(
        select(RouteStep.route_id, Department.name)
        .join(Department, Department.id == RouteStep.department_id)
        .join(Route, Route.id == RouteStep.route_id)
        .where(RouteStep.route_id.in_(route_ids), Route.active)
        .order_by(RouteStep.route_id, RouteStep.position)
    )
    names: dict[UUID, list[str]] = {}
    for route_id, name in found:
        names.setdefault(route_id, []).append(name)
    return names


def departments(session: Session) -> list[tuple[UUID, str]]:
    """(id, name) of the departments that may get a baton."""
    found = session.execute(
        select(Department.id, Department.name).where(Department.active).order_by(Department.order, Department.name)
    )
    return [(department_id, name) for department_id, name in found]
