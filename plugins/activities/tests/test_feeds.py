"""Calendars for other programs, read here by a library that is not the one which wrote them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import vobject
from baton_plugins.activities.feeds import services
from baton_plugins.activities.feeds.models import Feed
from baton_plugins.activities.feeds.writing import NAMES, Writer, without_numbers
from baton_plugins.activities.meetings import services as meetings
from baton_plugins.activities.meetings.forms import MeetingInput
from baton_plugins.activities.meetings.models import Meeting
from baton_plugins.activities.models import Plan
from sqlalchemy import func, select

from platform_core.api import at_local, new_id, now, today, token_digest
from platform_core.audit.models import AuditEntry
from platform_core.kernel import clock, settingvalues
from platform_core.kernel.clock import freeze
from platform_core.testing.browser import Browser
from platform_core.users.models import User

DAY = today() + timedelta(days=5)
"""Fixed for the whole run, which may pass midnight."""
CHINESE = "与启衡咨询商定三月的培训安排，并确认讲师、场地、名单和发票抬头，" * 4


def add(house, name="collector", **fields):
    user = house.people[name]
    given = {
        "customer_id": house.customer.id, "assignee_id": user.id, "department_id": user.department_id,
        "subject": "Call about dates", "due_at": at_local(DAY, 10), **fields,
    }  # fmt: skip
    house.factory.add(Plan(**given))


def invite(house, **fields):
    given = {"subject": "Course", "on": DAY, "time": "14:00", "end": "15:00", "clash": True, **fields}
    with house.as_("collector") as (session, actor):
        people = [house.people["other_collector"].id]
        return meetings.arrange(session, actor, MeetingInput(people=people, **given))


def feed_of(house, name="collector"):
    """The address of somebody's feed."""
    with house.as_(name) as (session, actor):
        return f"{services.PATH}{services.make(session, replace(actor, via='page'))}{services.ENDING}"


def events(answer):
    """UID without its host -> the event, as vobject understands it."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/calendar")
    calendar = vobject.readOne(answer.content.decode())
    return {event.uid.value.partition("@")[0]: event for event in calendar.contents.get("vevent", [])}


def test_a_feed_holds_plans_and_meetings_in_their_zone(house, browser: Browser, count_queries):
    add(house, subject=CHINESE)
    add(house, subject="Any time", all_day=True, due_at=at_local(DAY, 18))
    add(house, "other_collector", subject="Otto's own")
    add(house, subject="Never", state="cancelled")
    meeting = invite(house, place="上海，静安", note="第一行\n第二行; 带分号")
    whole = invite(house, subject="Fair", time=None, end=None, last=DAY + timedelta(days=1))
    url = feed_of(house)
    browser.get(url)
    with count_queries(at_most=12):
        answer = browser.get(url)
    found = events(answer)
    titles = {event.summary.value: event for event in found.values()}
    assert set(titles) == {CHINESE, "Any time", "Course", "Fair"}
    assert titles[CHINESE].dtstart.value == at_local(DAY, 10)
    assert titles[CHINESE].dtstart.value.utcoffset() == timedelta(0)
    assert "X-WR-TIMEZONE:Asia/Shanghai" in answer.text
    assert titles[CHINESE].dtend.value - titles[CHINESE].dtstart.value == timedelta(minutes=30)
    assert (titles["Any time"].dtstart.value, titles["Any time"].dtend.value) == (
        DAY, DAY + timedelta(days=1),
    )  # fmt: skip
    assert (titles["Fair"].dtstart.value, titles["Fair"].dtend.value) == (DAY, DAY + timedelta(days=2))
    assert found[f"meeting-{meeting.id}"].location.value == "上海，静安"
    assert found[f"meeting-{meeting.id}"].description.value == "第一行\n第二行; 带分号"
    assert found[f"meeting-{whole.id}"].organizer.params["CN"] == ["Carol"]
    assert "Qiheng" not in answer.text


def test_lines_are_folded_between_characters(house, browser: Browser):
    add(house, subject=CHINESE)
    lines = browser.get(feed_of(house)).content.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert sum(line.startswith(b" ") for line in lines) > 3
    for line in lines:
        line.decode()  # a character cut in two is no text


def test_summer_time_is_that_of_the_zone():
    clock.configure("Europe/Berlin")
    try:
        begins = [datetime(2027, 3, 27, 9, tzinfo=UTC), datetime(2027, 3, 29, 8, tzinfo=UTC)]
        made = [
            Meeting(
                id=new_id(), subject="Ten o'clock", note="", place="", room="", starts_at=start,
                ends_at=start + timedelta(hours=1), all_day=False, organizer_id=new_id(), organizer_label="Carol",
                state="open", sequence=0, updated_at=start,
            )
            for start in begins
        ]  # fmt: skip
        text = Writer("https://baton.example", names=False).feed("Carol", [], [(one, "") for one in made]).decode()
    finally:
        clock.configure("Asia/Shanghai")
    found = vobject.readOne(text).vevent_list
    there = ZoneInfo("Europe/Berlin")
    assert [event.dtstart.value.astimezone(there).hour for event in found] == [10, 10]
    assert [event.dtstart.value for event in found] == begins


def test_what_leaves_the_house_names_no_number_and_customers_only_where_that_is_set(house, browser: Browser):
    add(house, subject="Ring 138 0013-8000 or +86 (21) 6234 5678 before ten")
    url = feed_of(house)
    text = browser.get(url).text
    assert "0013" not in text
    assert "6234" not in text
    assert "Qiheng" not in text
    with house.runtime.database.system_session("set") as session:
        settingvalues.write(session, NAMES, True)
    assert "Qiheng Consulting" in browser.get(url).text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("13800138000", "…"),
        ("021-6234 5678 Ms Li", "… Ms Li"),
        ("at 10:30 on 03-10", "at 10:30 on 03-10"),
        ("room 301, 12 people", "room 301, 12 people"),
    ],
)
def test_what_could_be_a_number_is_left_out(text, left):
    assert without_numbers(text) == left


def test_a_cancelled_meeting_is_told_by_the_same_name_and_a_higher_number(house, browser: Browser):
    meeting = invite(house)
    otto, url = browser.sign_in(house.people["other_collector"]), f"/calendar/meetings/{meeting.id}/invitation"
    first = vobject.readOne(otto.get(url).text)
    with house.as_("collector") as (session, actor):
        meetings.cancel(session, actor, meeting.id)
    last = vobject.readOne(otto.get(url).text)
    assert (first.method.value, last.method.value) == ("PUBLISH", "CANCEL")
    assert first.vevent.uid.value == last.vevent.uid.value
    assert int(last.vevent.sequence.value) > int(first.vevent.sequence.value)
    assert last.vevent.status.value == "CANCELLED"
    assert browser.sign_in(house.people["trainer"]).get(url).status_code == 404
    told = events(browser.get(feed_of(house, "other_collector")))
    assert told[f"meeting-{meeting.id}"].status.value == "CANCELLED"


def test_the_address_is_shown_once_kept_as_a_digest_and_ended(house, browser: Browser):
    carol = browser.sign_in(house.people["collector"])
    made = carol.post("/calendar/feed", {}).text
    url = made.split('readonly value="')[1].split('"')[0]
    token = url.rpartition("/")[2].removesuffix(".ics")
    assert len(token) > 40
    assert token not in carol.get("/calendar/feed").text
    kept = house.factory.read(Feed, house.people["collector"].id)
    assert kept.digest == token_digest(token)
    path = services.PATH + token + ".ics"
    program = Browser(house.runtime, browser._client)
    assert program.get(path).status_code == 200
    carol = browser.sign_in(house.people["collector"])
    second = carol.post("/calendar/feed", {}).text.split('readonly value="')[1].split('"')[0].rpartition("/")[2]
    program = Browser(house.runtime, browser._client)
    assert program.get(path).status_code == 401
    assert program.get(services.PATH + second).status_code == 200
    carol = browser.sign_in(house.people["collector"])
    carol.post("/calendar/feed/end", {})
    assert Browser(house.runtime, browser._client).get(services.PATH + second).status_code == 401


def test_the_secret_opens_nothing_else_and_ends_with_the_sign_ins(house, browser: Browser):
    url = feed_of(house)
    program = Browser(house.runtime, browser._client)
    for other in (f"{services.PATH}wrong.ics", "/api/v1/plans", "/api/v1/customers", services.PATH):
        assert program.get(other).status_code in {401, 404}
    otto = browser.sign_in(house.people["other_collector"])
    assert otto.get(f"{services.PATH}wrong.ics").status_code == 404
    with house.runtime.database.system_session("a new password") as session:
        session.get_one(User, house.people["collector"].id).auth_epoch += 1
    assert Browser(house.runtime, browser._client).get(url).status_code == 401


def test_each_reading_is_in_the_trail_and_too_many_wait(house, browser: Browser):
    add(house)
    url = feed_of(house)
    moment = now()
    with freeze(moment):
        assert browser.get(url).status_code == 200
        with house.runtime.database.system_session("look", write=False) as session:
            count = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "activities.feed")
            assert session.scalar(count) == 1
    with house.runtime.database.system_session("read often") as session:
        session.get_one(Feed, house.people["collector"].id).reads = services.READS
    refused = browser.get(url)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 3601
    with house.runtime.database.system_session("an hour ago") as session:
        feed = session.get_one(Feed, house.people["collector"].id)
        feed.window_start -= timedelta(hours=1)
    assert browser.get(url).status_code == 200
