"""Invitations as mails that mail programs put into their calendar (RFC 6047). The page stays where one answers."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal
from uuid import UUID

from baton_plugins.activities.feeds.reading import room_of
from baton_plugins.activities.feeds.writing import Writer, without_numbers
from baton_plugins.activities.meetings.clashes import span_text
from baton_plugins.activities.meetings.models import Meeting

from platform_core.api import Actor, Session, service_of, speaking, translator
from platform_core.api.messages import MAIL_SENDER, Mail, house_url

_ = translator("activities")
Method = Literal["REQUEST", "CANCEL"]


def send(session: Session, people: Collection[UUID], news: str, actor: Actor, meeting: Meeting, method: Method) -> None:
    """To those of `people` who want invitations by mail; whoever invites has the meeting anyhow.

    A sequence tells each once: mail programs take the highest one for what holds.
    """
    sender = service_of(session, MAIL_SENDER)
    guests = sender.readers(session, set(people) - {meeting.organizer_id}, "invitation")
    if not guests:
        return
    host = sender.address(session, meeting.organizer_id)
    writer = Writer(house_url(session), names=False)
    mails = []
    for to in guests.values():
        with speaking(to.language):
            when = span_text(meeting.starts_at, meeting.ends_at, all_day=meeting.all_day)
            subject = _(news, who=actor.name, subject=without_numbers(meeting.subject), when=when)
            room = room_of(session, meeting)
            lines = [subject, without_numbers(", ".join(filter(None, (room, meeting.place))))]
            if method == "REQUEST":
                lines += ["", _("Say on this page whether you come:")]
        calendar = writer.letter(meeting, room, method, host, (to.name, to.address))
        key = f"activities.invitation:{meeting.id}:{meeting.sequence}:{method}:{to.user_id}"
        text = "\n".join(lines)
        mails.append(Mail(key, to, subject, text, meeting.url, host, calendar, method, expires_at=meeting.ends_at))
    sender.send(session, mails)
