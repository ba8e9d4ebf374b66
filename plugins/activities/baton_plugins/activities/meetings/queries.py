"""Reading meetings, within the actor's scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from baton_plugins.activities.meetings.models import Invitation, Meeting
from sqlalchemy import ColumnElement, select

from platform_core.api import Conflict, NotFound, Session, proven, translator

_ = translator("activities")
LONGEST = timedelta(days=14)
MOST = 500
"""Meetings of a calendar at once"""


@dataclass(frozen=True, slots=True)
class Held:
    """A meeting in somebody's calendar; `answer`: theirs, as Invitation has it."""

    meeting: Meeting
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """A room is in use; `subject` is empty for whoever may not see the meeting."""

    id: UUID
    starts_at: datetime
    ends_at: datetime
    all_day: bool
    organizer: str
    subject: str


def get(session: Session, meeting_id: UUID) -> Meeting:
    """Raises NotFound."""
    found = session.scalars(select(Meeting).where(Meeting.id == meeting_id)).one_or_none()
    if found is None:
        raise NotFound(_("There is no such meeting, or not for you."))
    return found


def lock(session: Session, meeting_id: UUID) -> Meeting:
    """An open meeting, held until the transaction ends. Raises NotFound, Conflict when it was cancelled."""
    statement = select(Meeting).where(Meeting.id == meeting_id).with_for_update(of=Meeting)
    found = session.scalars(statement.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound(_("There is no such meeting, or not for you."))
    if found.state != "open":
        raise Conflict(_("This meeting has been cancelled."))
    return found


def invited(session: Session, meeting_id: UUID) -> Sequence[Invitation]:
    """By name."""
    statement = select(Invitation).where(Invitation.meeting_id == meeting_id)
    return session.scalars(statement.order_by(Invitation.user_label, Invitation.user_id)).all()


def invitation(session: Session, meeting_id: UUID, user_id: UUID) -> Invitation | None:
    statement = select(Invitation).where(Invitation.meeting_id == meeting_id, Invitation.user_id == user_id)
    return session.scalars(statement).one_or_none()


def of_person(
    session: Session, user_id: UUID, since: datetime, until: datetime, *, states: Sequence[str] = ("open",)
) -> list[Held]:
    """What they did not decline, soonest first."""
    statement = (
        select(Meeting, Invitation.answer)
        .join(Invitation, Invitation.meeting_id == Meeting.id)
        .where(Invitation.user_id == user_id, Invitation.answer != "no", Meeting.state.in_(states), *_in(since, until))
        .order_by(Meeting.starts_at, Meeting.id)
        .limit(MOST)
    )
    return [Held(meeting, answer) for meeting, answer in session.execute(statement)]


def of_department(session: Session, department_id: UUID, since: datetime, until: datetime) -> list[Held]:
    """To which anybody of it is invited."""
    theirs = select(Invitation.meeting_id).where(Invitation.department_id == department_id)
    statement = select(Meeting).where(Meeting.id.in_(theirs), Meeting.state == "open", *_in(since, until))
    soonest = statement.order_by(Meeting.starts_at, Meeting.id).limit(MOST)
    return [Held(found, "yes") for found in session.scalars(soonest)]


def of_room(session: Session, code: str, since: datetime, until: datetime) -> list[Taken]:
    """Everybody sees that it is in use and by whom; what for, those who may see the meeting."""
    conditions = (Meeting.room == code, Meeting.state == "open", *_in(since, until))
    seen = {one.id: one.subject for one in session.scalars(select(Meeting).where(*conditions).limit(MOST))}
    used = (
        select(Meeting.id, Meeting.starts_at, Meeting.ends_at, Meeting.all_day, Meeting.organizer_label)
        .where(*conditions)
        .order_by(Meeting.starts_at, Meeting.id)
        .limit(MOST)
    )
    rows = session.execute(used.execution_options(**proven("when a room is in use, not what for")))
    return [Taken(*row, seen.get(row[0], "")) for row in rows]


def _in(since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    # The lower bound of the start is for the index: nothing is longer.
    return Meeting.starts_at < until, Meeting.ends_at > since, Meeting.starts_at > since - LONGEST - timedelta(days=1)
