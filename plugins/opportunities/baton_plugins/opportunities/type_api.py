"""JSON: project types with the departments that their routes pass through."""

from __future__ import annotations

from uuid import UUID

import msgspec
from baton_plugins.opportunities import project_types, queries
from baton_plugins.opportunities.forms import ProjectTypeChanges, ProjectTypeInput
from baton_plugins.opportunities.models import ProjectType

from platform_core.api import Actor, Cursor, Items, Limit, Session, cut, get, patch, post

VIEW, TYPES = "opportunities.view", "opportunities.types"


class ProjectTypeOut(msgspec.Struct, kw_only=True):
    """A kind of business; `departments` are the names along its route in order, empty without an active route."""

    id: UUID
    code: str
    name: str
    active: bool
    order: int
    route_id: UUID | None
    departments: list[str]
    plugin: str
    """Which one brings it; empty for those that admins keep"""


def _outs(session: Session, types: list[ProjectType]) -> list[ProjectTypeOut]:
    stations = project_types.stations(session, {item.route_id for item in types if item.route_id})
    return [
        ProjectTypeOut(
            id=item.id,
            code=item.code,
            name=item.name,
            active=item.active,
            order=item.order,
            route_id=item.route_id,
            plugin=item.plugin,
            departments=stations.get(item.route_id, []) if item.route_id else [],
        )
        for item in types
    ]


@get("/", permission=VIEW, name="opportunities:api_types")
def api_types(
    session: Session, *, active: bool = False, cursor: Cursor = "", limit: Limit = 50
) -> Items[ProjectTypeOut]:
    """In display order; with `active=true` only those that new opportunities may have."""
    shown, following = cut(queries.project_types(session, active=active), lambda item: item.id, cursor, limit)
    return Items(_outs(session, list(shown)), following)


@post("/", permission=TYPES, name="opportunities:api_create_type", status_code=201)
def api_create_type(session: Session, actor: Actor, data: ProjectTypeInput) -> ProjectTypeOut:
    """A new kind of business; it can be chosen once it is active."""
    return _outs(session, [project_types.save(session, actor, None, data)])[0]


@get("/{type_id:uuid}", permission=VIEW, name="opportunities:api_type")
def api_type(session: Session, type_id: UUID) -> ProjectTypeOut:
    """One kind of business."""
    return _outs(session, [project_types.get(session, type_id)])[0]


@patch("/{type_id:uuid}", permission=TYPES, name="opportunities:api_update_type")
def api_update_type(session: Session, actor: Actor, type_id: UUID, data: ProjectTypeChanges) -> ProjectTypeOut:
    """Change a kind of business; only the given fields. Engagements under way keep their route."""
    present = project_types.get(session, type_id)
    given = {name: getattr(data, name) for name in ProjectTypeInput.__struct_fields__}
    values = {name: getattr(present, name) if value is msgspec.UNSET else value for name, value in given.items()}
    return _outs(session, [project_types.save(session, actor, type_id, ProjectTypeInput(**values))])[0]


PROJECT_TYPES = [api_types, api_create_type, api_type, api_update_type]
