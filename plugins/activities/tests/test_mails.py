"""Reminders, the morning's overview and invitations as mails: whom they reach, once, and what they do not say."""

from __future__ import annotations

from datetime import timedelta

import pytest
import vobject
from baton_plugins.activities.meetings import reminding
from baton_plugins.activities.meetings import services as meetings
from baton_plugins.activities.meetings.forms import MeetingInput, Reply
from baton_plugins.activities.reminders import digest, settings, sweep
from baton_plugins.activities.reminders.models import Told
from sqlalchemy import select

from platform_core.api import JobContext, at_local, local, new_id, today
from platform_core.api.messages import OutboxMessage, establish_account, message_drivers
from platform_core.kernel import clock, settingvalues
from platform_core.kernel.database import vault_of
from platform_core.outbox import services as outbox
from platform_core.testing.browser import Browser
from platform_core.users.models import User

DAY = today() + timedelta(days=2)
TEN = at_local(DAY, 10)


@pytest.fixture
def posted(house):
    """An account that carries mail, and addresses of everybody but the manager."""
    with house.runtime.database.system_session("test") as session:
        establish_account(session, message_drivers(session)["mail.trial"], "post", {"folder": ""})
        for name, user in house.people.items():
            if name != "manager":
                session.get_one(User, user.id).email = f"{name}@house.example"
    return house


def work(house, moment, job=sweep.remind):
    with clock.freeze(moment):
        job(JobContext(house.runtime.database, new_id(), {}, 1, timedelta(seconds=60), None))


def mails(house):
    """(address, subject, text, letter) in the order in which they were put in."""
    with house.runtime.database.system_session("look", write=False) as session:
        rows = session.scalars(select(OutboxMessage).where(OutboxMessage.channel == "email").order_by(OutboxMessage.id))
        vault = vault_of(session)
        found = [(vault.decrypt(row.address), outbox.content_of(vault, row)) for row in rows]
    return [(to, said["letter"]["subject"], said["text"], outbox.letter_of(said)) for to, said in found]


def choose(house, name, **preferences):
    with house.runtime.database.system_session("test") as session:
        session.get_one(User, house.people[name].id).preferences = {
            key.replace("_", "."): value for key, value in preferences.items()
        }


def test_a_reminder_is_mailed_once_to_whoever_is_away_and_says_no_more_than_a_text_message(posted):
    others = [posted.people[name].id for name in ("collect_head", "manager")]
    made = posted.plan("collector", subject="Call 138 0013 8000 of Qiheng", on=DAY, time="10:00", remind=["10m"],
                       remind_people=others)  # fmt: skip
    for _run in range(2):
        work(posted, TEN - timedelta(minutes=10))
    found = mails(posted)
    assert sorted(to for to, *_rest in found) == ["collect_head@house.example", "collector@house.example"]
    for _to, subject, text, _letter in found:
        assert f"{local(TEN):%m-%d} 10:00" in subject
        assert "Qiheng" not in subject + text
        assert "0013 8000" not in subject + text
        assert f"{posted.runtime.settings.base_url}/customers/{posted.customer.id}?plan={made.id}" in text
    with posted.runtime.database.system_session("look", write=False) as session:
        assert sorted(session.scalars(select(Told.ways))) == ["page", "page,mail", "page,mail"]


def test_whoever_is_here_or_does_not_want_it_gets_none(posted, browser: Browser):
    posted.plan("collector", on=DAY, time="10:00", remind=["10m", "1h"])
    with clock.freeze(TEN - timedelta(hours=1)):
        browser.sign_in(posted.people["collector"]).get("/plans")
    work(posted, TEN - timedelta(hours=1))
    assert mails(posted) == [], "she is here"
    choose(posted, "collector", mail_unwanted=["reminder"])
    work(posted, TEN - timedelta(minutes=10))
    assert mails(posted) == [], "she does not want it"
    choose(posted, "collector")
    with posted.runtime.database.system_session("test") as session:
        settingvalues.write(session, settings.MAIL_AWAY, value=False)
        settingvalues.write(session, settings.SMS_NAMES, value=True)
    posted.plan("collector", on=DAY, time="11:00")
    with clock.freeze(TEN + timedelta(hours=1)):
        browser.sign_in(posted.people["collector"]).get("/plans")
    work(posted, TEN + timedelta(hours=1))
    ((_to, subject, _text, _letter),) = mails(posted)
    assert "Qiheng" in subject, "where the house wants it"
    with posted.runtime.database.system_session("test") as session:
        settingvalues.write(session, settings.MAIL, value=False)
    posted.plan("collector", on=DAY, time="13:00")
    work(posted, TEN + timedelta(hours=3))
    assert len(mails(posted)) == 1


def test_many_at_once_are_one_mail(posted):
    for minute in range(23):
        posted.plan("collector", on=DAY, time=f"10:{minute:02}")
    work(posted, TEN + timedelta(hours=1))
    ((_to, subject, text, _letter),) = mails(posted)
    assert "22" in subject
    assert len([line for line in text.splitlines() if f"{local(TEN):%m-%d} 10:" in line]) == 20
    assert f"{posted.runtime.settings.base_url}/plans\n" in text


def test_the_morning_is_mailed_once(posted):
    posted.plan("collector", on=DAY, time="10:00")
    posted.plan("collect_head", on=DAY, time="10:00")
    choose(posted, "collect_head", mail_unwanted=["digest"])
    for _run in range(2):
        work(posted, at_local(DAY, 8, 15), digest.overview)
    ((to, subject, text, _letter),) = mails(posted)
    assert to == "collector@house.example"
    assert "1" in subject
    assert text.startswith(subject)


def invite(house, **fields):
    given = {"subject": "Course", "on": DAY, "time": "10:00", "end": "11:00", "clash": True, **fields}
    people = [house.people["other_collector"].id]
    with house.as_("collector") as (session, actor):
        return meetings.arrange(session, actor, MeetingInput(**{"people": people, **given}))


def test_of_a_meeting_everybody_who_has_not_declined_is_reminded_by_mail(posted):
    made = invite(posted, subject="Course, 138 0013 8000", remind="15m")
    other = invite(posted, subject="Declined", remind="15m")
    with posted.as_("other_collector") as (session, actor):
        meetings.answer(session, actor, other.id, Reply(answer="no"))
    before = len(mails(posted))
    for _run in range(2):
        work(posted, TEN - timedelta(minutes=15), reminding.remind)
    found = mails(posted)[before:]
    assert sorted((to, "Declined" in subject) for to, subject, *_rest in found) == [
        ("collector@house.example", False), ("collector@house.example", True), ("other_collector@house.example", False),
    ]  # fmt: skip
    assert all("0013 8000" not in subject for _to, subject, *_rest in found)
    assert any(f"{made.url}\n" in text for _to, _subject, text, _letter in found)


def calendars(house):
    """(address, method, event) of each invitation, read by a library that is not the one which wrote it."""
    found = []
    for to, _subject, _text, letter in mails(house):
        if letter.calendar:
            calendar = vobject.readOne(letter.calendar)
            assert calendar.method.value == letter.method
            found.append((to.partition("@")[0], letter.method, calendar.vevent))
    return found


def change(house, meeting, **fields):
    with house.as_("collector") as (session, actor):
        found = meetings.queries.get(session, meeting.id)
        given = {"subject": found.subject, "on": DAY, "time": "10:00", "end": "11:00", "clash": True, "place": found.place,
                 "people": [house.people["other_collector"].id], "version": found.version, **fields}  # fmt: skip
        return meetings.change(session, actor, meeting.id, MeetingInput(**given))


def test_an_invitation_goes_into_the_calendar_of_whoever_is_invited(posted):
    made = invite(posted, subject="培训安排，138 0013 8000", place="上海，静安", note="第一行\n第二行; 带分号")
    ((to, method, event),) = calendars(posted)
    assert (to, method) == ("other_collector", "REQUEST")
    assert event.uid.value == f"meeting-{made.id}@{posted.runtime.settings.base_url.split('/')[2].split(':')[0]}"
    assert event.sequence.value == "0"
    assert event.status.value == "CONFIRMED"
    assert event.dtstart.value == TEN
    assert event.dtend.value == TEN + timedelta(hours=1)
    assert event.summary.value == "培训安排，…"
    assert event.location.value == "上海，静安"
    assert event.description.value == "第一行\n第二行; 带分号"
    assert event.organizer.value == "mailto:collector@house.example"
    assert event.organizer.params["CN"] == ["Carol"]
    assert event.attendee.value == "mailto:other_collector@house.example"
    assert event.attendee.params["RSVP"] == ["FALSE"]
    ((_to, subject, text, letter),) = mails(posted)
    assert "0013 8000" not in subject + text
    assert letter.reply_to == "collector@house.example"
    assert f"{posted.runtime.settings.base_url}{made.url}" in text


def test_changes_raise_the_number_and_cancelling_takes_it_out(posted):
    made = invite(posted)
    change(posted, made, time="14:00", end="15:00")
    change(posted, made, time="14:00", end="15:00")  # nothing that anybody has to know of
    with posted.as_("collector") as (session, actor):
        meetings.cancel(session, actor, made.id)
    told = [(method, event.sequence.value, event.status.value) for _to, method, event in calendars(posted)]
    assert told == [("REQUEST", "0", "CONFIRMED"), ("REQUEST", "1", "CONFIRMED"), ("CANCEL", "2", "CANCELLED")]
    assert len({event.uid.value for _to, _method, event in calendars(posted)}) == 1


def test_whoever_is_asked_again_finds_a_higher_number_than_the_one_that_took_it_away(posted):
    made = invite(posted)
    other, head = (posted.people[name].id for name in ("other_collector", "collect_head"))
    change(posted, made, people=[other, head])
    change(posted, made, people=[head])
    change(posted, made, people=[other, head])
    theirs = [(method, event.sequence.value) for to, method, event in calendars(posted) if to == "other_collector"]
    assert theirs == [("REQUEST", "0"), ("CANCEL", "1"), ("REQUEST", "1")]
    assert [(to, method) for to, method, _event in calendars(posted) if to == "collect_head"] == [
        ("collect_head", "REQUEST")
    ]


def test_whole_days_are_whole_days_and_who_wants_no_invitations_gets_none(posted):
    invite(posted, time=None, end=None, last=DAY + timedelta(days=1))
    ((_to, _method, event),) = calendars(posted)
    assert (event.dtstart.value, event.dtend.value) == (DAY, DAY + timedelta(days=2))
    choose(posted, "other_collector", mail_unwanted=["invitation"])
    invite(posted)
    assert len(calendars(posted)) == 1
