"""Whether people and rooms are free: asked about everybody, told without what they do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from baton_plugins.activities.meetings.models import Invitation, Meeting, RoomTurn
from baton_plugins.activities.models import Plan
from sqlalchemy import or_, select
from sqlalchemy.dialects import postgresql, sqlite

from platform_core.api import Session, User, local, proven

_FREE = proven("whether somebody is free at a time, not what they do then")
_MOST = 20


@dataclass(frozen=True, slots=True)
class Busy:
    """Somebody has something else then."""

    name: str
    starts_at: datetime
    ends_at: datetime
    all_day: bool = False

    @property
    def when(self) -> str:
        return span_text(self.starts_at, self.ends_at, all_day=self.all_day)


def span_text(start: datetime, end: datetime, *, all_day: bool) -> str:
    """In no language: `11-24 10:00-11:00`."""
    first, last = local(start), local(end)
    if all_day:
        return f"{first:%m-%d}"
    until = f"{last:%H:%M}" if first.date() == last.date() else f"{last:%m-%d %H:%M}"
    return f"{first:%m-%d %H:%M}-{until}"


def people(
    session: Session, user_ids: Sequence[UUID], start: datetime, end: datetime, *, but: UUID | None
) -> list[Busy]:
    """Who of them has a meeting they did not decline, or a plan with a time, between the two; `but`: a meeting."""
    meetings = (
        select(Invitation.user_label, Meeting.starts_at, Meeting.ends_at, Meeting.all_day)
        .join(Meeting, Meeting.id == Invitation.meeting_id)
        .where(Invitation.user_id.in_(user_ids), Invitation.answer != "no", *_overlaps(start, end, but))
        .order_by(Meeting.starts_at, Invitation.user_label)
        .limit(_MOST)
    )
    planned = (
        select(User.name, Plan.due_at, Plan.ends_at)
        .join(User, User.id == Plan.assignee_id)
        .where(
            Plan.assignee_id.in_(user_ids), Plan.state == "open", Plan.all_day.is_(False), Plan.due_at < end,
            or_(Plan.ends_at > start, Plan.due_at >= start),
        )
        .order_by(Plan.due_at, User.name)
        .limit(_MOST)
    )  # fmt: skip
    found = [Busy(*row) for row in session.execute(meetings.execution_options(**_FREE))]
    found += [Busy(name, at, ends or at) for name, at, ends in session.execute(planned.execution_options(**_FREE))]
    return sorted(found, key=lambda busy: (busy.name, busy.starts_at))[:_MOST]


def room(session: Session, code: str, start: datetime, end: datetime, *, but: UUID | None) -> Busy | None:
    """Who has the room then. Held until the transaction ends, so that nobody else books it meanwhile."""
    dialect: Any = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    turn = dialect.insert(RoomTurn).values(room=code, turns=1)
    session.execute(turn.on_conflict_do_update(index_elements=["room"], set_={"turns": RoomTurn.turns + 1}))
    statement = (
        select(Meeting.organizer_label, Meeting.starts_at, Meeting.ends_at, Meeting.all_day)
        .where(Meeting.room == code, *_overlaps(start, end, but))
        .order_by(Meeting.starts_at)
        .limit(1)
    )
    row = session.execute(statement.execution_options(**_FREE)).one_or_none()
    return Busy(*row) if row else None


def _overlaps(start: datetime, end: datetime, but: UUID | None) -> list[Any]:
    found: list[Any] = [Meeting.state == "open", Meeting.starts_at < end, Meeting.ends_at > start]
    return found if but is None else [*found, Meeting.id != but]
