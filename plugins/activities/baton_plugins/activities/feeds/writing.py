"""Plans and meetings as iCalendar (RFC 5545). It leaves the house: no number, and no customer unless that is set."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from baton_plugins.activities.meetings.clashes import span_text
from baton_plugins.activities.meetings.models import Meeting
from baton_plugins.activities.queries import PlanRow
from icalendar import Calendar, Event, vCalAddress, vDatetime, vText

from platform_core.api import Setting, local, now, translator

_ = translator("activities")
PRODUCT = "-//Baton//Activities//EN"
NAMES = Setting(
    "activities.feed_names",
    _.lazy("Calendars that other programs read name the customer"),
    default=False,
    help=_.lazy("What has left the house cannot be erased any more."),
)
_LONG_NUMBER = re.compile(r"\+?\d(?:[\s().\-\u2010-\u2015]*\d){6,}")
"""Seven digits and more, written in whatever groups: dates and times are shorter"""
_SHORTEST = timedelta(minutes=30)
"""How long a plan is shown that says no end"""


class Writer:
    """`base_url`: where Baton is; its host makes identifiers unique, and events lead back to it."""

    def __init__(self, base_url: str, *, names: bool) -> None:
        self._url = base_url.rstrip("/")
        self._host = urlsplit(base_url).hostname or "baton"
        self._names = names

    def feed(self, owner: str, plans: Iterable[PlanRow], meetings: Iterable[tuple[Meeting, str]]) -> bytes:
        """Of one person; meetings with the name of their room."""
        calendar = _calendar()
        calendar.add("x-wr-calname", f"Baton {owner}")
        calendar.add("x-wr-timezone", str(local(now()).tzinfo))
        calendar.add("refresh-interval", timedelta(hours=1), parameters={"value": "DURATION"})
        for row in plans:
            calendar.add_component(self._plan(row))
        for meeting, room in meetings:
            calendar.add_component(self._meeting(meeting, room))
        return bytes(calendar.to_ical())

    def invitation(self, meeting: Meeting, room: str) -> bytes:
        """To be put into one's own calendar; of a cancelled meeting what takes it out again."""
        calendar = _calendar()
        calendar.add("method", "CANCEL" if meeting.state == "cancelled" else "PUBLISH")
        calendar.add_component(self._meeting(meeting, room))
        return bytes(calendar.to_ical())

    def letter(self, meeting: Meeting, room: str, method: str, host: str, guest: tuple[str, str]) -> str:
        """To one guest, by name and address, for a mail program to take in (RFC 5546): REQUEST or CANCEL.

        `host` is the organizer's address. The others are not named: who comes stands in the page.
        """
        calendar = _calendar()
        calendar.add("method", method)
        event = self._meeting(meeting, room)
        event["dtstamp"] = vDatetime(now().astimezone(UTC))
        if method == "CANCEL":  # for this guest, also where it takes place
            event["status"] = vText("CANCELLED")
        if host:
            event["organizer"] = _person(f"mailto:{host}", meeting.organizer_label)
        name, address = guest
        asked = _person(f"mailto:{address}", name)
        # No program answers by itself: nobody reads that mailbox, and the page takes the answer.
        asked.params.update({"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": "FALSE"})
        event.add("attendee", asked)
        calendar.add_component(event)
        return bytes(calendar.to_ical()).decode()

    def _plan(self, row: PlanRow) -> Event:
        plan = row.plan
        title = f"{plan.subject} \u00b7 {row.customer}" if self._names else plan.subject
        event = self._event("plan", plan.id, title, plan.updated_at, plan.version, f"/plans/{plan.id}")
        _place(event, plan.due_at, plan.ends_at or plan.due_at + _SHORTEST, all_day=plan.all_day)
        event.add("status", "CONFIRMED")
        return event

    def _meeting(self, meeting: Meeting, room: str) -> Event:
        url = f"/calendar/meetings/{meeting.id}"
        event = self._event("meeting", meeting.id, meeting.subject, meeting.updated_at, meeting.sequence, url)
        last = meeting.ends_at - timedelta(seconds=1) if meeting.all_day else meeting.ends_at
        _place(event, meeting.starts_at, last, all_day=meeting.all_day)
        event.add("status", "CANCELLED" if meeting.state == "cancelled" else "CONFIRMED")
        where = ", ".join(filter(None, (room, meeting.place)))
        if where:
            event.add("location", without_numbers(where))
        if meeting.note:
            event.add("description", without_numbers(meeting.note))
        event.add("organizer", _person(f"urn:uuid:{meeting.organizer_id}", meeting.organizer_label))
        return event

    def _event(self, kind: str, key: UUID, title: str, changed: datetime, sequence: int, path: str) -> Event:
        event = Event()
        event.add("uid", f"{kind}-{key}@{self._host}")
        event.add("dtstamp", changed)
        event.add("last-modified", changed)
        event.add("sequence", sequence)
        event.add("summary", without_numbers(title))
        event.add("url", f"{self._url}{path}")
        return event


def _person(address: str, name: str) -> vCalAddress:
    found = vCalAddress(address)
    found.params["CN"] = vText(name)
    return found


def without_numbers(text: str) -> str:
    """What could be a telephone number is left out, whoever typed it where."""
    return _LONG_NUMBER.sub("\u2026", text)


def file_name(meeting: Meeting) -> str:
    """In ASCII."""
    when = span_text(meeting.starts_at, meeting.ends_at, all_day=meeting.all_day)
    return f"meeting-{re.sub('[^0-9]+', '-', when)}.ics"


def _calendar() -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    return calendar


def _place(event: Event, start: datetime, end: datetime, *, all_day: bool) -> None:
    """`end` of whole days lies on the last of them; iCalendar names the day after.

    Moments are in UTC: a table of the zone's summer times is read differently from program to program, and no event
    repeats by a rule.
    """
    if all_day:
        event.add("dtstart", local(start).date())
        event.add("dtend", local(end).date() + timedelta(days=1))
    else:
        event.add("dtstart", start.astimezone(UTC))
        event.add("dtend", max(end, start).astimezone(UTC))


def shown(rows: Sequence[PlanRow]) -> set[UUID]:
    return {row.plan.person_id for row in rows}
