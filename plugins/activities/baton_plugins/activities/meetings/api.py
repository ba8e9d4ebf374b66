"""Meetings as JSON: the same services and inputs as the pages."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec
from baton_plugins.activities.meetings import queries, services
from baton_plugins.activities.meetings.forms import MeetingInput, Reply
from baton_plugins.activities.meetings.models import Meeting
from baton_plugins.activities.routes import VIEW, WRITE

from platform_core.api import Actor, Invalid, Items, Session, day_start, get, post, put, today, translator

_ = translator("activities")
_DAYS = 31
_ONE = "/{meeting_id:uuid}"


class GuestOut(msgspec.Struct, kw_only=True):
    user_id: UUID
    name: str
    answer: str
    """Empty: none yet"""


class MeetingOut(msgspec.Struct, kw_only=True):
    id: UUID
    subject: str
    note: str
    place: str
    room: str
    starts_at: datetime
    ends_at: datetime
    all_day: bool
    remind: str
    organizer_id: UUID
    state: str
    version: int
    people: list[GuestOut]


class MeetingLine(msgspec.Struct, kw_only=True):
    id: UUID
    subject: str
    starts_at: datetime
    ends_at: datetime
    all_day: bool
    place: str
    room: str
    organizer_id: UUID
    answer: str
    """The caller's"""


@get("/", permission=VIEW, name="activities:api_meetings")
def meetings(
    session: Session, actor: Actor, since: date | None = None, until: date | None = None
) -> Items[MeetingLine]:
    """What the caller is invited to and has not declined, soonest first; 31 days from today unless said otherwise."""
    first = since or today()
    last = until or first + timedelta(days=_DAYS)
    if not first <= last <= first + timedelta(days=_DAYS):
        message = _("At most %(days)s days.", days=_DAYS)
        raise Invalid(message, fields={"until": message})
    held = queries.of_person(session, actor.user_id, day_start(first), day_start(last + timedelta(days=1)))
    names = [name for name in MeetingLine.__struct_fields__ if name != "answer"]
    lines = [MeetingLine(answer=one.answer, **{name: getattr(one.meeting, name) for name in names}) for one in held]
    return Items(lines, None)


@post("/", permission=WRITE, name="activities:api_invite", status_code=201)
def invite(session: Session, actor: Actor, data: MeetingInput) -> MeetingOut:
    """Invite colleagues. Who has something else then is named; `clash` asks them all the same."""
    return _out(session, services.arrange(session, actor, data))


@get(_ONE, permission=VIEW, name="activities:api_meeting")
def meeting(session: Session, meeting_id: UUID) -> MeetingOut:
    """One meeting with who comes."""
    return _out(session, queries.get(session, meeting_id))


@put(_ONE, permission=WRITE, name="activities:api_change_meeting")
def change(session: Session, actor: Actor, meeting_id: UUID, data: MeetingInput) -> MeetingOut:
    """Replace what it says; another time asks everybody again. `version` as it was read."""
    return _out(session, services.change(session, actor, meeting_id, data))


@post(f"{_ONE}/cancel", permission=WRITE, name="activities:api_cancel_meeting")
def cancel(session: Session, actor: Actor, meeting_id: UUID) -> MeetingOut:
    """It does not take place; those who meant to come are told."""
    return _out(session, services.cancel(session, actor, meeting_id))


@post(f"{_ONE}/answer", permission=VIEW, name="activities:api_answer_invitation")
def answer(session: Session, actor: Actor, meeting_id: UUID, data: Reply) -> MeetingOut:
    """Say whether the caller comes."""
    services.answer(session, actor, meeting_id, data)
    return _out(session, queries.get(session, meeting_id))


def _out(session: Session, found: Meeting) -> MeetingOut:
    session.flush()  # what was written counts the version on
    people = [
        GuestOut(user_id=one.user_id, name=one.user_label, answer=one.answer)
        for one in queries.invited(session, found.id)
    ]
    names = [name for name in MeetingOut.__struct_fields__ if name != "people"]
    return MeetingOut(people=people, **{name: getattr(found, name) for name in names})


HANDLERS = [meetings, invite, meeting, change, cancel, answer]
