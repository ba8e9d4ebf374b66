"""Inviting to a meeting, changing and cancelling it, and answering. Each is told once of what concerns them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from baton_plugins.activities import rights
from baton_plugins.activities.diary.whose import RIGHT, ROOMS
from baton_plugins.activities.meetings import clashes, inviting, queries, reminding
from baton_plugins.activities.meetings.clashes import Busy, span_text
from baton_plugins.activities.meetings.forms import MeetingInput, Reply
from baton_plugins.activities.meetings.models import Invitation, Meeting

from platform_core.api import (
    Actor,
    Ask,
    Conflict,
    EntityRef,
    Forbidden,
    Invalid,
    Session,
    at_local,
    day_start,
    dictionaries,
    noop,
    notify,
    now,
    record,
    right_holders,
    translator,
)

_ = translator("activities")
PATH = "/calendar/meetings"
MOST = 50


class Clash(Invalid):
    """Some of those invited have something else then: told, and forbidden to nobody."""

    def __init__(self, busy: Sequence[Busy]) -> None:
        message = _("Some of them have something else then.")
        named = _(", ").join(f"{one.name} ({one.when})" for one in busy)
        super().__init__(message, fields={"people": f"{message} {named}"})
        self.busy = busy


@dataclass(frozen=True, slots=True)
class Guest:
    """Whom to invite; without a name somebody who is invited already."""

    id: UUID
    name: str = ""
    department_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class When:
    start: datetime
    end: datetime
    all_day: bool


def arrange(session: Session, actor: Actor, data: MeetingInput) -> Meeting:
    """Invite colleagues; the actor comes too. Raises Invalid at a field, Clash where somebody has something else."""
    rights.require_write(actor)
    when = _when(data)
    if when.end <= now():
        raise _at("on", _("This time has passed."))
    people = _people(session, [*data.people, actor.user_id])
    _require_free(session, data, when, people, but=None)
    meeting = Meeting(
        subject=data.subject, note=data.note, place=data.place, room=data.room, starts_at=when.start, ends_at=when.end,
        all_day=when.all_day, organizer_id=actor.user_id, organizer_label=actor.name,
        remind=reminding.lead_of(session, data.remind),
    )  # fmt: skip
    session.add(meeting)
    session.flush()  # its id goes into the invitations and the audit line
    _invite(session, meeting, people.values())
    _record(session, actor, "activities.invite", meeting)
    news = noop("%(who)s invites you: %(subject)s, %(when)s")
    _tell(session, set(people) - {actor.user_id}, news, actor, meeting, "REQUEST")
    return meeting


def change(session: Session, actor: Actor, meeting_id: UUID, data: MeetingInput) -> Meeting:
    """Another time asks everybody again. Raises as `arrange`, and Conflict when somebody else changed it meanwhile."""
    meeting = _mine(session, actor, meeting_id)
    if data.version != meeting.version:
        raise Conflict(_("Somebody else has changed this in the meantime. Reload and try again."))
    when = _when(data)
    moved = (when.start, when.end, when.all_day) != (meeting.starts_at, meeting.ends_at, meeting.all_day)
    if moved and when.end <= now():
        raise _at("on", _("This time has passed."))
    asked = {one.user_id: one for one in queries.invited(session, meeting.id)}
    people = _people(session, [*data.people, meeting.organizer_id], asked)
    _require_free(session, data, when, people, but=meeting.id)
    told = ("subject", "note", "place", "room")
    changed = moved or any(getattr(meeting, name) != getattr(data, name) for name in told)
    meeting.subject, meeting.note, meeting.place, meeting.room = data.subject, data.note, data.place, data.room
    meeting.starts_at, meeting.ends_at, meeting.all_day = when.start, when.end, when.all_day
    # Whoever is asked again later has to find a higher number than the one that took the meeting from their calendar.
    meeting.sequence += changed or bool(asked.keys() - people.keys())
    for gone in asked.keys() - people.keys():
        session.delete(asked[gone])
    if moved:
        for one in asked.values():
            if one.user_id != meeting.organizer_id:
                one.answer, one.answered_at = "", None
    lead, fresh = reminding.lead_of(session, data.remind), people.keys() - asked.keys()
    if moved or lead != meeting.remind:
        meeting.remind = lead
        reminding.arrange(meeting, [asked[key] for key in asked.keys() & people.keys()])
    _invite(session, meeting, [people[key] for key in sorted(fresh)])
    _record(session, actor, "activities.change_meeting", meeting)
    _tell(session, fresh, noop("%(who)s invites you: %(subject)s, %(when)s"), actor, meeting, "REQUEST")
    _tell(session, asked.keys() - people.keys(), noop("%(who)s has taken back an invitation: %(subject)s, %(when)s"),
          actor, meeting, "CANCEL")  # fmt: skip
    if changed:
        news = noop("%(who)s has moved a meeting, do you come? %(subject)s, %(when)s") if moved else noop(
            "%(who)s has changed a meeting: %(subject)s, %(when)s"
        )  # fmt: skip
        _tell(session, asked.keys() & people.keys() - {actor.user_id}, news, actor, meeting, "REQUEST")
    return meeting


def cancel(session: Session, actor: Actor, meeting_id: UUID) -> Meeting:
    """It does not take place. Raises NotFound, Conflict, Forbidden."""
    meeting = _mine(session, actor, meeting_id)
    meeting.state = "cancelled"
    meeting.sequence += 1
    coming = {one.user_id for one in queries.invited(session, meeting.id) if one.answer != "no"}
    _record(session, actor, "activities.cancel_meeting", meeting)
    _tell(
        session,
        coming - {actor.user_id},
        noop("%(who)s has cancelled a meeting: %(subject)s, %(when)s"),
        actor,
        meeting,
        "CANCEL",
    )
    return meeting


def answer(session: Session, actor: Actor, meeting_id: UUID, data: Reply) -> Invitation:
    """Whether the actor comes; whoever invited is told once of each other answer. Raises NotFound, Conflict."""
    meeting = queries.lock(session, meeting_id)
    asked = queries.invitation(session, meeting.id, actor.user_id)
    if asked is None or asked.user_id == meeting.organizer_id:
        raise Forbidden(_("You are not invited to this meeting."), ask=Ask(people=(meeting.organizer_id,)))
    if asked.answer != data.answer:
        asked.answer, asked.answered_at = data.answer, now()
        record(session, actor, "activities.answer_invitation", ref(meeting), after={"answer": data.answer})
        news = {
            "yes": noop("%(who)s comes: %(subject)s, %(when)s"),
            "no": noop("%(who)s does not come: %(subject)s, %(when)s"),
            "maybe": noop("%(who)s may come: %(subject)s, %(when)s"),
        }[data.answer]
        _tell(session, {meeting.organizer_id}, news, actor, meeting)
    return asked


def may_change(session: Session, actor: Actor, meeting: Meeting) -> bool:
    """Whoever invited, and the heads of their department."""
    if not actor.can("activities.write") or meeting.state != "open":
        return False
    if meeting.organizer_id == actor.user_id:
        return True
    host = queries.invitation(session, meeting.id, meeting.organizer_id)
    return host is not None and rights.is_head(actor, host.department_id)


def ref(meeting: Meeting) -> EntityRef:
    return EntityRef("activities", "meeting", meeting.id)


def _mine(session: Session, actor: Actor, meeting_id: UUID) -> Meeting:
    meeting = queries.lock(session, meeting_id)
    if not may_change(session, actor, meeting):
        told = _("Only whoever invited changes a meeting, or the head of their department.")
        raise Forbidden(told, ask=Ask(people=(meeting.organizer_id,)))
    return meeting


def _when(data: MeetingInput) -> When:
    """Raises Invalid at `end` or `last`."""
    last = data.last or data.on
    if last < data.on:
        raise _at("last", _("The end is before the start."))
    if data.time is None:
        if data.end is not None:
            raise _at("time", _("Say when it begins, or leave both times blank."))
        found = When(day_start(data.on), day_start(last + timedelta(days=1)), all_day=True)
    else:
        if data.end is None:
            raise _at("end", _("Say when it ends, or leave both times blank."))
        found = When(at_local(data.on, *_clock(data.time)), at_local(last, *_clock(data.end)), all_day=False)
        if found.end <= found.start:
            raise _at("end", _("The end is before the start."))
    if found.end - found.start > queries.LONGEST + timedelta(hours=1):  # of days that summer time makes longer
        raise _at("last", _("At most %(days)s days.", days=queries.LONGEST.days))
    return found


def _clock(time: str) -> tuple[int, int]:
    hour, _colon, minute = time.partition(":")
    return int(hour), int(minute)


def _people(session: Session, asked: Iterable[UUID], known: Collection[UUID] = ()) -> dict[UUID, Guest]:
    """Raises Invalid at `people` for whom could not open the meeting; `known` are invited already."""
    wanted = set(asked)
    if len(wanted) > MOST:
        raise _at("people", _("At most %(limit)s people.", limit=MOST))
    holders = {holder.actor.user_id: holder.actor for holder in right_holders(session, [RIGHT])}
    if wanted - holders.keys() - set(known):
        raise _at("people", _("Not everybody of them may see the calendar. Ask an administrator for that right."))
    return {
        key: Guest(key, holder.name, holder.department_id) if (holder := holders.get(key)) else Guest(key)
        for key in sorted(wanted)
    }


def _require_free(
    session: Session, data: MeetingInput, when: When, people: Collection[UUID], *, but: UUID | None
) -> None:
    if data.room:
        entry = dictionaries.entries(session, ROOMS).get(data.room)
        if entry is None:
            raise _at("room", _("Please choose from the list."))
        taken = clashes.room(session, data.room, when.start, when.end, but=but)
        if taken is not None:
            raise _at("room", _("%(name)s has this room then: %(when)s", name=taken.name, when=taken.when))
    busy = [] if data.clash else clashes.people(session, sorted(people), when.start, when.end, but=but)
    if busy:
        raise Clash(busy)


def _invite(session: Session, meeting: Meeting, people: Iterable[Guest]) -> None:
    for one in people:
        answer = "yes" if one.id == meeting.organizer_id else ""
        named = {"user_id": one.id, "user_label": one.name, "department_id": one.department_id}
        asked = Invitation(meeting_id=meeting.id, answer=answer, **named)
        reminding.arrange(meeting, [asked])
        session.add(asked)


def _at(name: str, message: str) -> Invalid:
    return Invalid(message, fields={name: message})


def _record(session: Session, actor: Actor, action: str, meeting: Meeting) -> None:
    after = {"starts_at": str(meeting.starts_at), "ends_at": str(meeting.ends_at), "room": meeting.room}
    record(session, actor, action, ref(meeting), after=after)


def _tell(
    session: Session, people: Collection[UUID], news: str, actor: Actor, meeting: Meeting,
    method: inviting.Method | None = None,
) -> None:  # fmt: skip
    """In the page, and with a `method` in the calendars of those who want that by mail."""
    when = span_text(meeting.starts_at, meeting.ends_at, all_day=meeting.all_day)
    parameters = {"who": actor.name, "subject": meeting.subject, "when": when}
    notify(session, sorted(people), "activities", news, parameters, url=meeting.url, icon="calendar-event")
    if method is not None:
        inviting.send(session, people, news, actor, meeting, method)
