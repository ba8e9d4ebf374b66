"""JSON: teams and who is in them, with the services of the pages. Changes take a token that changes rights."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.permissions import teams
from platform_core.permissions.role_routes import MANAGE
from platform_core.permissions.teams import TeamInput
from platform_core.users import stepup
from platform_core.users.models import Team
from platform_core.web.apis import Items
from platform_core.web.routing import delete, get, post, put

_TEAM = "/{team_id:uuid}"
_Asked = Request[Any, Any, Any]


class NewTeam(msgspec.Struct, kw_only=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


class NewMember(msgspec.Struct, kw_only=True):
    """`colleague` is a sign-in name, or a name that only one person has; `until` when it ends, null: for good."""

    colleague: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    until: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class TeamLine(msgspec.Struct, kw_only=True):
    id: UUID
    name: str
    lead: str
    people: int


class Member(msgspec.Struct, kw_only=True):
    user_id: UUID
    name: str
    department: str
    since: datetime
    until: datetime | None


class TeamOut(msgspec.Struct, kw_only=True):
    id: UUID
    name: str
    lead_id: UUID | None
    members: list[Member]


def _out(session: Session, team: Team) -> TeamOut:
    session.flush()  # the answer reads the members again
    people = [
        Member(user_id=user.id, name=user.name, department=department or "", since=member.since, until=member.until)
        for member, user, department in teams.members(session, team.id)
    ]
    return TeamOut(id=team.id, name=team.name, lead_id=team.lead_id, members=people)


@get("/", permission=MANAGE, name="permissions:api_teams")
def index(session: Session) -> Items[TeamLine]:
    """All teams by name; there are few, so there is one page."""
    return Items([
        TeamLine(id=each.team.id, name=each.team.name, lead=each.lead, people=each.people)
        for each in teams.overview(session)
    ])  # fmt: skip


@get(_TEAM, permission=MANAGE, name="permissions:api_team")
def show(session: Session, team_id: UUID) -> TeamOut:
    """A team with those who are in it now."""
    return _out(session, teams.get_team(session, team_id))


@post("/", permission=MANAGE, name="permissions:api_create_team", status_code=201)
def create(request: _Asked, session: Session, actor: Actor, data: NewTeam) -> TeamOut:
    """A team without members."""
    stepup.over_api(request, session, actor)
    return _out(session, teams.create(session, actor, data.name))


@put(_TEAM, permission=MANAGE, name="permissions:api_change_team")
def change(request: _Asked, session: Session, actor: Actor, team_id: UUID, data: TeamInput) -> TeamOut:
    """Its name and who leads it: one of the members, or nobody."""
    stepup.over_api(request, session, actor)
    return _out(session, teams.change(session, actor, team_id, data))


@post(f"{_TEAM}/members", permission=MANAGE, name="permissions:api_join_team", status_code=201)
def join(request: _Asked, session: Session, actor: Actor, team_id: UUID, data: NewMember) -> TeamOut:
    """Take somebody in; twice changes only the end. It acts on their next request."""
    stepup.over_api(request, session, actor)
    teams.add(session, actor, team_id, data.colleague, until=data.until)
    return _out(session, teams.get_team(session, team_id))


@delete(f"{_TEAM}/members/{{user_id:uuid}}", permission=MANAGE, name="permissions:api_leave_team", status_code=204)
def leave(request: _Asked, session: Session, actor: Actor, team_id: UUID, user_id: UUID) -> None:
    """Take somebody out now."""
    stepup.over_api(request, session, actor)
    teams.remove(session, actor, team_id, user_id)


@delete(_TEAM, permission=MANAGE, name="permissions:api_dissolve_team", status_code=204)
def dissolve(request: _Asked, session: Session, actor: Actor, team_id: UUID) -> None:
    """Dissolve a team that nobody is in any more; 409 for any other."""
    stepup.over_api(request, session, actor)
    teams.dissolve(session, actor, team_id)


HANDLERS = [index, show, create, change, join, leave, dissolve]
