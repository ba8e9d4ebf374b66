"""The admin pages of project types."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from baton_plugins.opportunities import project_types, queries
from baton_plugins.opportunities.forms import ProjectTypeInput

from platform_core.api import (
    Actor,
    Bound,
    FormData,
    Invalid,
    Request,
    Response,
    Session,
    bind,
    get,
    initial,
    page,
    post,
    redirect,
)

TYPES = "opportunities.types"
URL = "/settings/project-types"
_ACTIVE = "project_types"


@get("/", permission=TYPES, name="opportunities:types")
def index(request: Request[Any, Any, Any], session: Session) -> Response[str]:
    types = queries.project_types(session)
    stations = project_types.stations(session, {item.route_id for item in types if item.route_id})
    return page(
        request, "opportunities/types.html", active=_ACTIVE, types=types, stations=stations,
        gone=queries.gone(session, types),
    )  # fmt: skip


@get("/new", permission=TYPES, name="opportunities:new_type")
def new(request: Request[Any, Any, Any], session: Session) -> Response[str]:
    return _form_page(request, session, None, initial(ProjectTypeInput, active=True))


@post("/new", permission=TYPES, name="opportunities:create_type")
def create(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    return _save(request, session, actor, form, None)


@get("/{type_id:uuid}", permission=TYPES, name="opportunities:type")
def edit(request: Request[Any, Any, Any], session: Session, type_id: UUID) -> Response[str]:
    kind = project_types.get(session, type_id)
    values = {name: getattr(kind, name) for name in ProjectTypeInput.__struct_fields__}
    return _form_page(request, session, type_id, initial(ProjectTypeInput, **values))


@post("/{type_id:uuid}", permission=TYPES, name="opportunities:update_type")
def update(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, type_id: UUID
) -> Response[str]:
    return _save(request, session, actor, form, type_id)


def _save(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, type_id: UUID | None
) -> Response[str]:
    bound = bind(ProjectTypeInput, form)
    # An unticked box sends nothing.
    bound.values.setdefault("active", "")
    if bound.ok:
        try:
            project_types.save(session, actor, type_id, bound.require())
        except Invalid as error:
            bound.add(error)
        else:
            return redirect(request, URL)
    return _form_page(request, session, type_id, bound, status=422)


def _form_page(
    request: Request[Any, Any, Any],
    session: Session,
    type_id: UUID | None,
    bound: Bound[ProjectTypeInput],
    *,
    status: int = 200,
) -> Response[str]:
    present = project_types.get(session, type_id) if type_id else None
    return page(
        request,
        "opportunities/type.html",
        partial="opportunities/_type.html" if status == 200 else "opportunities/_type_form.html",
        status=status,
        active=_ACTIVE,
        type_id=type_id,
        plugin=present.plugin if present else "",
        bound=bound,
        routes=project_types.routes(session, current=present.route_id if present else None),
    )


HANDLERS = [index, new, create, edit, update]
