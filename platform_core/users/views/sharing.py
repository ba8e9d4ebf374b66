"""What somebody keeps for themselves or for others: whom it is for, who may change it, with whom it may be shared."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, String, and_, bindparam, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from platform_core.contracts.identity import Actor, Scope
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.users import labels
from platform_core.users.models import DepartmentClosure, Team

_ = translator("users")
SHARE = "users.share_views"
REACHES = ("private", "team", "department", "all")
LABELS = {
    "private": _.lazy("For me alone"),
    "team": _.lazy("For a team"),
    "department": _.lazy("For a department and those below"),
    "all": _.lazy("For everybody"),
}


class Shared:
    """Columns of a mapped class. What is for a department is for those below it as well."""

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"), index=True)
    reach: Mapped[str] = mapped_column(String(10), default="private")
    """One of REACHES."""
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_team.id", ondelete="CASCADE"), index=True)
    department_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users_department.id", ondelete="CASCADE"), index=True
    )


_above = select(DepartmentClosure.ancestor_id).where(
    DepartmentClosure.descendant_id.in_(bindparam("my_departments", expanding=True))
)


def for_reader(model: Any) -> ColumnElement[bool]:
    """Rows of a Shared class that are the reader's own or for them; its parameters are `reader`'s."""
    return or_(
        model.owner_id == bindparam("reader_id"),
        model.reach == "all",
        and_(model.reach == "team", model.team_id.in_(bindparam("my_teams", expanding=True))),
        and_(model.reach == "department", model.department_id.in_(_above)),
    )


def for_keeper(model: Any, actor: Actor) -> ColumnElement[bool]:
    """The same, and for whoever may share with everybody all that is shared: its makers leave some day."""
    mine = for_reader(model)
    return or_(mine, model.reach != "private") if actor.scope(SHARE) == Scope.ALL else mine


def reader(actor: Actor) -> dict[str, Any]:
    return {
        "reader_id": actor.user_id,
        "my_teams": list(actor.team_ids),
        "my_departments": list(actor.department_ids),
    }


def place_of(row: Any) -> UUID | None:
    """The team or department it is for."""
    found: UUID | None = row.team_id if row.reach == "team" else row.department_id
    return found


def may_change(actor: Actor, row: Any) -> bool:
    """Whoever made it, and whoever may share with those whom it is for."""
    return row.owner_id == actor.user_id or (row.reach != "private" and may_share(actor, row.reach, place_of(row)))


def may_share(actor: Actor, reach: str, place_id: UUID | None) -> bool:
    scope = actor.scope(SHARE)
    if scope == Scope.ALL:
        return True
    if reach == "team":
        return scope >= Scope.TEAM and place_id in actor.team_ids
    return reach == "department" and place_id in actor.departments_for(SHARE)


def places(session: Session, actor: Actor, reach: str) -> list[tuple[str, str]]:
    """(id, name) of the teams or departments with which the actor may share."""
    if reach == "team":
        rows = session.execute(select(Team.id, Team.name).order_by(Team.name).limit(500))
        found = [(row.id, row.name) for row in rows]
    else:
        found = list(labels.labels(session).departments.items())
    return [(str(key), name) for key, name in found if may_share(actor, reach, key)]


def placed(session: Session, actor: Actor, reach: str, place_id: UUID | None) -> dict[str, Any]:
    """The columns of Shared but the owner. Raises Invalid at `reach` or `place_id`."""
    if reach in {"team", "department"} and place_id is None:
        raise wrong("place_id", _("Choose for whom."))
    if reach != "private" and not may_share(actor, reach, place_id):
        raise wrong("reach", _("You may not share this with these people. Ask your department head."))
    if reach == "team" and session.get(Team, place_id) is None:
        raise wrong("place_id", _("Choose for whom."))
    if reach == "department" and not labels.labels(session, [place_id]).department(place_id):
        raise wrong("place_id", _("Choose for whom."))
    return {
        "reach": reach,
        "team_id": place_id if reach == "team" else None,
        "department_id": place_id if reach == "department" else None,
    }


def wrong(field: str, message: str) -> Invalid:
    return Invalid(_("Please check the marked fields."), fields={field: message})
