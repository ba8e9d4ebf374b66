"""Teams: the list, and one team with its members and lead."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.permissions import teams
from platform_core.permissions.days import end_of
from platform_core.permissions.role_routes import MANAGE
from platform_core.users import stepup
from platform_core.web.forms import Bound, FormData, bind, initial
from platform_core.web.notices import Notice
from platform_core.web.pages import page, redirect
from platform_core.web.routing import get, post

_ = translator("permissions")
_TEAM = "/settings/teams/{team_id:uuid}"


@get("/settings/teams", permission=MANAGE, name="permissions:teams")
def index(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    return _index(request, session, initial(teams.TeamInput))


def _index(request: Request[Any, Any, Any], session: Session, form: Bound[Any]) -> Response[str]:
    return page(
        request, "permissions/teams.html", active="teams", status=422 if form.errors else 200,
        teams=teams.overview(session), form=form,
    )  # fmt: skip


@post("/settings/teams", permission=MANAGE, name="permissions:create_team")
def create(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    unproved = stepup.first(request, session, actor, "/settings/teams")
    if unproved:
        return unproved
    bound = bind(teams.TeamInput, form)
    try:
        team = teams.create(session, actor, bound.require().name)
    except Invalid as error:
        return _index(request, session, bound.add(error))
    return redirect(request, f"/settings/teams/{team.id}")


@get(_TEAM, permission=MANAGE, name="permissions:team")
def show(request: Request[Any, Any, Any], session: Session, actor: Actor, team_id: UUID) -> Response[str]:
    return _show(request, session, team_id)


def _show(
    request: Request[Any, Any, Any],
    session: Session,
    team_id: UUID,
    *,
    form: Bound[Any] | None = None,
    joining: Bound[Any] | None = None,
) -> Response[str]:
    team = teams.get_team(session, team_id)
    shown = form or initial(teams.TeamInput, name=team.name, lead_id=team.lead_id)
    member_form: Bound[Any] = joining or Bound()
    return page(
        request, "permissions/team.html", active="teams",
        status=422 if shown.errors or member_form.errors else 200, team=team,
        members=teams.members(session, team_id), form=shown, joining=member_form,
    )  # fmt: skip


@post(_TEAM, permission=MANAGE, name="permissions:save_team")
def save(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, team_id: UUID
) -> Response[str]:
    unproved = stepup.first(request, session, actor, f"/settings/teams/{team_id}")
    if unproved:
        return unproved
    bound = bind(teams.TeamInput, form)
    try:
        teams.change(session, actor, team_id, bound.require())
    except Invalid as error:
        return _show(request, session, team_id, form=bound.add(error))
    return redirect(request, f"/settings/teams/{team_id}", Notice(_("Saved. It acts on everybody's next page.")))


@post(f"{_TEAM}/members", permission=MANAGE, name="permissions:join_team")
def join(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, team_id: UUID
) -> Response[str]:
    unproved = stepup.first(request, session, actor, f"/settings/teams/{team_id}")
    if unproved:
        return unproved
    bound: Bound[Any] = Bound(values=form.as_dict())
    try:
        teams.add(session, actor, team_id, form.get("colleague"), until=end_of("until", form.get("until")))
    except Invalid as error:
        return _show(request, session, team_id, joining=bound.add(error))
    return redirect(request, f"/settings/teams/{team_id}#members")


@post(f"{_TEAM}/members/{{user_id:uuid}}/end", permission=MANAGE, name="permissions:leave_team")
def leave(
    request: Request[Any, Any, Any], session: Session, actor: Actor, team_id: UUID, user_id: UUID
) -> Response[str]:
    unproved = stepup.first(request, session, actor, f"/settings/teams/{team_id}")
    if unproved:
        return unproved
    teams.remove(session, actor, team_id, user_id)
    return redirect(request, f"/settings/teams/{team_id}#members")


@post(f"{_TEAM}/dissolve", permission=MANAGE, name="permissions:dissolve_team")
def dissolve(request: Request[Any, Any, Any], session: Session, actor: Actor, team_id: UUID) -> Response[str]:
    unproved = stepup.first(request, session, actor, f"/settings/teams/{team_id}")
    if unproved:
        return unproved
    teams.dissolve(session, actor, team_id)
    return redirect(request, "/settings/teams", Notice(_("The team is dissolved.")))


HANDLERS = [index, create, show, save, join, leave, dissolve]
