"""Teams: people of any departments who share customers.

Who is in one decides what `team` scope reaches, so it is a matter of rights: those who give roles decide, about
others, and it acts on everybody's next request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Row, func, or_, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.kernel import counters
from platform_core.kernel.clock import now
from platform_core.kernel.errors import Ask, Conflict, Forbidden, Invalid, NotFound
from platform_core.kernel.i18n import noop, translator
from platform_core.permissions.rights import COUNTER
from platform_core.permissions.services import require
from platform_core.users import notifications
from platform_core.users.models import Department, Team, TeamMember, User
from platform_core.users.queries import called

_ = translator("permissions")
JOINED = noop("You are in the team %(team)s now.")


class TeamInput(msgspec.Struct, kw_only=True):
    """`lead_id` is one of the members, or nobody."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    lead_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """A team with its lead and how many people are in it now."""

    team: Team
    lead: str
    people: int


def ref(team: Team) -> EntityRef:
    return EntityRef("users", "team", team.id, team.name)


def overview(session: Session) -> list[Overview]:
    """All teams by name."""
    counted = select(TeamMember.team_id, func.count().label("people")).where(_now()).group_by(TeamMember.team_id)
    members = counted.subquery()
    rows = session.execute(
        select(Team, User.name, members.c.people)
        .outerjoin(User, User.id == Team.lead_id)
        .outerjoin(members, members.c.team_id == Team.id)
        .order_by(Team.name)
    )
    return [Overview(team, lead or "", people or 0) for team, lead, people in rows]


def get_team(session: Session, team_id: UUID) -> Team:
    team = session.get(Team, team_id)
    if team is None:
        raise NotFound(_("There is no such team."))
    return team


def members(session: Session, team_id: UUID) -> Sequence[Row[TeamMember, User, str | None]]:
    """(TeamMember, User, department) of those who are in it now, by name."""
    return session.execute(
        select(TeamMember, User, Department.name)
        .join(User, User.id == TeamMember.user_id)
        .outerjoin(Department, Department.id == User.department_id)
        .where(TeamMember.team_id == team_id, _now())
        .order_by(User.name, User.id)
    ).all()


def create(session: Session, actor: Actor | None, name: str) -> Team:
    """Raises Invalid for a name that is taken."""
    require(actor)
    counters.bump(session, COUNTER)  # first, so that two administrators wait for each other
    _check_name(session, name, None)
    team = Team(name=name)
    session.add(team)
    session.flush()  # the audit line names it
    audit.record(session, actor, "permissions.add_team", ref(team), after={"name": name})
    return team


def change(session: Session, actor: Actor | None, team_id: UUID, data: TeamInput) -> Team:
    """Name and lead. Raises Invalid for a name that is taken, or for a lead who is not in the team."""
    require(actor)
    counters.bump(session, COUNTER)
    team = get_team(session, team_id)
    _check_name(session, data.name, team)
    people = {user.id: user.name for _member, user, _department in members(session, team_id)}
    if data.lead_id is not None and data.lead_id not in people:
        message = _("Only a member leads a team.")
        raise Invalid(message, fields={"lead_id": message})
    old = {"name": team.name, "lead": people.get(team.lead_id, "") if team.lead_id else ""}
    new = {"name": data.name, "lead": people[data.lead_id] if data.lead_id else ""}
    team.name, team.lead_id = data.name, data.lead_id
    before, after = audit.changes(old, new)
    if after:
        audit.record(session, actor, "permissions.edit_team", ref(team), before=before, after=after)
    return team


def add(session: Session, actor: Actor | None, team_id: UUID, text: str, *, until: datetime | None = None) -> User:
    """Take in who is called `text` (sign-in name or name), also for a time. Twice changes only the end.

    Raises Invalid for nobody or several, Forbidden where somebody would take themselves in.
    """
    require(actor)
    counters.bump(session, COUNTER)
    team = get_team(session, team_id)
    found = called(session, text)
    if len(found) != 1:
        several, nobody = _("Several people have this name: give the sign-in name."), _("There is no such colleague.")
        message = several if found else nobody
        raise Invalid(message, fields={"colleague": message})
    user = found[0]
    if actor is not None and user.id == actor.user_id:
        raise Forbidden(_("Nobody takes themselves into a team."), ask=Ask("permissions.manage"))
    if until is not None and until <= now():
        message = _("This day is over.")
        raise Invalid(message, fields={"until": message})
    member = session.get(TeamMember, (team_id, user.id))
    if member is None:
        session.add(TeamMember(team_id=team_id, user_id=user.id, until=until))
    else:
        if member.until is not None and member.until <= now():
            member.since = now()
        member.until = until
    after = {"team": team.name, "until": until.isoformat() if until else ""}
    audit.record(session, actor, "permissions.join_team", EntityRef("users", "user", user.id, user.name), after=after)
    notifications.notify(session, [user.id], "permissions", JOINED, {"team": team.name}, icon="users")
    return user


def remove(session: Session, actor: Actor | None, team_id: UUID, user_id: UUID) -> None:
    """End somebody's membership now. A lead who goes leads no more."""
    require(actor)
    counters.bump(session, COUNTER)
    team, member = get_team(session, team_id), session.get(TeamMember, (team_id, user_id))
    if member is None or (member.until is not None and member.until <= now()):
        raise NotFound(_("This person is not in the team any more."))
    member.until = now()
    if team.lead_id == user_id:
        team.lead_id = None
    user = session.get_one(User, user_id)
    audit.record(
        session, actor, "permissions.leave_team", EntityRef("users", "user", user.id, user.name),
        before={"team": team.name},
    )  # fmt: skip


def dissolve(session: Session, actor: Actor | None, team_id: UUID) -> None:
    """Raises Conflict while somebody is in it: nobody is to lose sight of customers unseen."""
    require(actor)
    counters.bump(session, COUNTER)
    team = get_team(session, team_id)
    if members(session, team_id):
        raise Conflict(_("Somebody is in this team. Take its members out first."))
    audit.record(session, actor, "permissions.dissolve_team", ref(team), before={"name": team.name})
    session.delete(team)


def _now() -> ColumnElement[bool]:
    return or_(TeamMember.until.is_(None), TeamMember.until > now())


def _check_name(session: Session, name: str, own: Team | None) -> None:
    taken = {team.name.casefold() for team in session.scalars(select(Team)) if team is not own}
    if name.casefold() in taken:
        raise Invalid(_("Please check the marked fields."), fields={"name": _("There is a team of this name.")})
