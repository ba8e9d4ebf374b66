"""Everybody who has not declined is reminded of a meeting, once for the time at which it takes place."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from baton_plugins.activities.feeds.writing import without_numbers
from baton_plugins.activities.meetings.clashes import span_text
from baton_plugins.activities.meetings.forms import HOUSE, NONE
from baton_plugins.activities.meetings.models import Invitation, Meeting
from baton_plugins.activities.reminders import leads, mailing
from baton_plugins.activities.reminders.settings import LEAD
from sqlalchemy import select

from platform_core.api import (
    Job,
    JobContext,
    Session,
    load_actor,
    noop,
    notify,
    now,
    read_setting,
    speaking,
    translator,
)
from platform_core.api.messages import Mail, Reader

_ = translator("activities")
RIGHT = "activities.view"
_EVERY = 15
_MOST = 200
"""Whom one transaction tells"""


def lead_of(session: Session, wanted: str) -> str:
    """What is kept with the meeting; empty: nobody is reminded."""
    found: str = read_setting(session, LEAD) if wanted == HOUSE else wanted
    return "" if found == NONE else found


def arrange(meeting: Meeting, asked: Iterable[Invitation]) -> None:
    """When each of them is reminded; not of a moment that has passed, since they have just been told."""
    moment = leads.fires_at(meeting.starts_at, meeting.remind, all_day=meeting.all_day) if meeting.remind else None
    for one in asked:
        one.remind_at = moment if moment is not None and moment > now() else None


def remind(context: JobContext) -> None:
    """Telling somebody and taking the reminder away are one transaction, so a worker that dies has told nobody."""
    moment = now()
    while _remind(context, moment) == _MOST:
        continue


def _remind(context: JobContext, moment: datetime) -> int:
    with context.database.system_session("remind of meetings") as session:
        statement = (
            select(Invitation, Meeting)
            .join(Meeting, Meeting.id == Invitation.meeting_id)
            .where(Invitation.remind_at <= moment)
            .order_by(Invitation.remind_at, Invitation.id)
            .limit(_MOST)
            .with_for_update(of=Invitation, skip_locked=True)
        )
        found = session.execute(statement).all()
        told: list[tuple[UUID, Meeting]] = []
        for asked, meeting in found:
            asked.remind_at = None
            if meeting.state == "open" and asked.answer != "no" and meeting.ends_at > moment:
                told += _tell(session, asked, meeting)
        letters = mailing.readers(session, {user_id for user_id, _meeting in told}, "reminder")
        mails = [_mail(letters[user_id], meeting) for user_id, meeting in told if user_id in letters]
        mailing.put(session, *mails)
        return len(found)


def _tell(session: Session, asked: Invitation, meeting: Meeting) -> list[tuple[UUID, Meeting]]:
    """Who has been told of what."""
    actor = load_actor(session, asked.user_id)
    if actor is None or not actor.can(RIGHT):
        return []
    when = span_text(meeting.starts_at, meeting.ends_at, all_day=meeting.all_day)
    message = noop("Meeting: %(subject)s, %(when)s")
    parameters = {"subject": meeting.subject, "when": when}
    notify(session, [asked.user_id], "activities", message, parameters, url=meeting.url, icon="alarm")
    return [(asked.user_id, meeting)]


def _mail(to: Reader, meeting: Meeting) -> Mail:
    with speaking(to.language):
        when = span_text(meeting.starts_at, meeting.ends_at, all_day=meeting.all_day)
        text = _("Meeting: %(subject)s, %(when)s", subject=without_numbers(meeting.subject), when=when)
    key = f"activities.meeting_reminder:{meeting.id}:{to.user_id}:{meeting.starts_at.isoformat()}"
    return Mail(key, to, text, text, meeting.url, expires_at=meeting.ends_at)


JOB = Job("activities.remind_meetings", remind, every_seconds=_EVERY, lease_seconds=600)
