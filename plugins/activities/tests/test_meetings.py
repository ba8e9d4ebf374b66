"""Meetings: who is invited, told and seen, what clashes, and what the calendar shows of them."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from baton_plugins.activities.meetings import reminding, services
from baton_plugins.activities.meetings.forms import MeetingInput, Reply
from baton_plugins.activities.meetings.models import Invitation, Meeting
from baton_plugins.activities.models import Plan
from sqlalchemy import select

from platform_core.api import Conflict, Forbidden, Invalid, JobContext, NotFound, at_local, new_id
from platform_core.kernel import clock
from platform_core.testing.browser import Browser
from platform_core.users.models import Notification

DAY = date(2126, 3, 6)
"""A Wednesday far off: nobody is invited to what is over."""


def invite(house, name="collector", people=("other_collector",), **fields):
    given = {"subject": "Course in March", "on": DAY, "time": "10:00", "end": "11:00", **fields}
    with house.as_(name) as (session, actor):
        data = MeetingInput(people=[house.people[one].id for one in people], **given)
        return services.arrange(session, actor, data)


def change(house, meeting, name="collector", people=("other_collector",), **fields):
    given = {
        "subject": "Course in March", "on": DAY, "time": "10:00", "end": "11:00",
        "version": house.factory.read(Meeting, meeting.id).version, **fields,
    }  # fmt: skip
    with house.as_(name) as (session, actor):
        data = MeetingInput(people=[house.people[one].id for one in people], **given)
        return services.change(session, actor, meeting.id, data)


def answer(house, name, meeting, text):
    with house.as_(name) as (session, actor):
        services.answer(session, actor, meeting.id, Reply(answer=text))


def news(house, name):
    """What somebody was told of meetings, first to last."""
    with house.runtime.database.system_session("look", write=False) as session:
        statement = select(Notification.message).where(
            Notification.user_id == house.people[name].id, Notification.icon == "calendar-event"
        )
        return [
            text.split(":")[0].removeprefix("%(who)s ") for text in session.scalars(statement.order_by(Notification.at))
        ]


def answers(house, meeting):
    with house.runtime.database.system_session("look", write=False) as session:
        rows = session.scalars(select(Invitation).where(Invitation.meeting_id == meeting.id)).all()
        return {row.user_label: row.answer for row in rows}


def test_each_is_told_once_of_what_concerns_them(house):
    meeting = invite(house, people=("other_collector", "trainer"))
    assert answers(house, meeting) == {"Carol": "yes", "Otto": "", "Tom": ""}
    for name in ("other_collector", "trainer"):
        assert news(house, name) == ["invites you"]
    assert news(house, "collector") == []
    answer(house, "other_collector", meeting, "maybe")
    answer(house, "other_collector", meeting, "yes")
    answer(house, "other_collector", meeting, "yes")
    answer(house, "trainer", meeting, "no")
    assert news(house, "collector") == ["may come", "comes", "does not come"]
    change(house, meeting, people=("other_collector", "trainer"), note="Bring the list")
    assert answers(house, meeting)["Otto"] == "yes"
    change(house, meeting, people=("other_collector", "agent"), note="Bring the list", time="10:30")
    assert answers(house, meeting) == {"Carol": "yes", "Otto": "", "Adam": ""}
    assert news(house, "agent") == ["invites you"]
    assert news(house, "trainer") == ["invites you", "has changed a meeting", "has taken back an invitation"]
    assert news(house, "other_collector") == [
        "invites you",
        "has changed a meeting",
        "has moved a meeting, do you come? %(subject)s, %(when)s",
    ]
    with house.as_("collector") as (session, actor):
        services.cancel(session, actor, meeting.id)
    assert news(house, "agent") == ["invites you", "has cancelled a meeting"]
    assert news(house, "trainer")[-1] == "has taken back an invitation"
    assert house.factory.read(Meeting, meeting.id).sequence == 3
    with pytest.raises(Conflict):
        answer(house, "agent", meeting, "yes")


def test_a_change_that_says_nothing_new_tells_nobody(house):
    meeting = invite(house)
    change(house, meeting)
    assert news(house, "other_collector") == ["invites you"]
    assert house.factory.read(Meeting, meeting.id).sequence == 0


def test_who_sees_changes_and_answers(house, browser: Browser):
    meeting = invite(house)
    url = f"/calendar/meetings/{meeting.id}"
    assert browser.sign_in(house.people["trainer"]).get(url).status_code == 404
    for name in ("collector", "other_collector", "collect_head", "manager"):
        assert browser.sign_in(house.people[name]).get(url).status_code == 200
    with pytest.raises(Forbidden):
        change(house, meeting, "other_collector", time="12:00", end="13:00")
    with pytest.raises(Forbidden):
        answer(house, "manager", meeting, "yes")
    with pytest.raises(NotFound):
        answer(house, "trainer", meeting, "yes")
    change(house, meeting, "collect_head", time="12:00", end="13:00")
    assert news(house, "collector") == ["has moved a meeting, do you come? %(subject)s, %(when)s"]
    with pytest.raises(Conflict):
        change(house, meeting, time="14:00", end="15:00", version=1)


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"end": None}, "end"),
        ({"time": None}, "time"),
        ({"end": "10:00"}, "end"),
        ({"last": DAY - timedelta(days=1)}, "last"),
        ({"time": None, "end": None, "last": DAY + timedelta(days=14)}, "last"),
        ({"on": date(2020, 1, 1)}, "on"),
        ({"room": "nowhere"}, "room"),
    ],
)
def test_what_cannot_be_stands_at_its_field(house, fields, where):
    with pytest.raises(Invalid) as refused:
        invite(house, **fields)
    assert list(refused.value.fields) == [where]


def test_a_colleague_without_the_right_is_not_invited(house):
    house.people["admin"] = house.factory.user("system_admin", name="Anna")
    with pytest.raises(Invalid) as refused:
        invite(house, people=("admin",))
    assert "Ask an administrator" in refused.value.fields["people"]


def test_a_room_is_had_by_one_and_free_when_that_is_over_or_off(house):
    first = invite(house, room="room")
    with pytest.raises(Invalid) as refused:
        invite(house, "trainer", ("agent",), time="10:59", end="12:00", room="room")
    assert refused.value.fields["room"] == "Carol has this room then: 03-06 10:00-11:00"
    invite(house, "trainer", ("agent",), time="11:00", end="12:00", room="room")
    change(house, first, note="the same time", room="room")
    with house.as_("collector") as (session, actor):
        services.cancel(session, actor, first.id)
    invite(house, "agent", ("manager",), time="10:00", end="11:00", room="room")


def test_of_two_who_book_a_room_at_once_one_gets_it(house):
    start, results = threading.Barrier(2), []

    def book(name):
        start.wait(10)
        try:
            results.append(invite(house, name, (), room="room").organizer_label)
        except Invalid as error:
            results.append(sorted(error.fields))

    threads = [threading.Thread(target=book, args=(name,)) for name in ("collector", "trainer")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(results) == 2
    assert ["room"] in results


def test_clashes_are_told_in_the_form_and_forbid_nobody(house, browser: Browser):
    invite(house, "trainer", ("agent",))
    otto = house.people["other_collector"]
    named = {"customer_id": house.customer.id, "department_id": otto.department_id, "subject": "Secret call"}
    house.factory.add(Plan(assignee_id=otto.id, due_at=at_local(DAY, 10, 30), **named))
    carol = browser.sign_in(house.people["collector"])
    given = {
        "subject": "Course", "on": str(DAY), "time": "10:00", "end": "11:00", "note": "Typed text",
        "people": [str(house.people[name].id) for name in ("other_collector", "agent", "trainer")],
    }  # fmt: skip
    told = carol.post("/calendar/meetings", given)
    assert told.status_code == 422
    for line in ("Adam · 03-06 10:00-11:00", "Tom · 03-06 10:00-11:00", "Otto · 03-06 10:30-10:30", "Typed text"):
        assert line in told.text
    assert "Secret" not in told.text
    assert carol.post("/calendar/meetings", {**given, "clash": "true"}).status_code in {200, 303}


def test_the_calendar_shows_meetings_of_people_departments_and_rooms(house, browser: Browser, count_queries):
    invite(house, room="room")
    whole = invite(house, subject="Fair", time=None, end=None, last=DAY + timedelta(days=1), clash=True)
    otto = browser.sign_in(house.people["other_collector"])
    otto.get("/calendar")
    with count_queries(at_most=12):
        week = otto.get(f"/calendar?on={DAY}").text
    assert week.count("<b>Fair</b>") == 2
    assert "10:00–11:00" in week.replace("</time>", "")
    assert "do you come?" in week
    with count_queries(at_most=12):
        assert "Fair" in otto.get(f"/calendar/meetings/{whole.id}").text
    answer(house, "other_collector", whole, "no")
    assert "Fair" not in otto.get(f"/calendar?on={DAY}").text
    head = browser.sign_in(house.people["collect_head"])
    department = house.departments["collect"].id
    assert head.get(f"/calendar?view=month&on={DAY}&department={department}").text.count("Course in March") == 1
    assert "Course in March" in head.get(f"/calendar/list?on={DAY}&department={department}").text
    stranger = browser.sign_in(house.people["trainer"])
    with count_queries(at_most=12):
        room = stranger.get(f"/calendar?on={DAY}&room=room").text
    assert "Course in March" not in room
    assert "<b>Carol</b>" in room
    assert "Course in March" in otto.get(f"/calendar?on={DAY}&room=room").text
    assert "Course in March" not in stranger.get(f"/calendar?on={DAY}").text


def test_pages_invite_change_answer_and_cancel(house, browser: Browser, count_queries):
    carol = browser.sign_in(house.people["collector"])
    with count_queries(at_most=12):
        assert f'value="{DAY}"' in carol.get(f"/calendar/meetings/new?on={DAY}").text
    otto = house.people["other_collector"].id
    sent = {"subject": "Course", "on": str(DAY), "time": "10:00", "end": "11:00", "people": [str(otto)]}
    refused = carol.post("/calendar/meetings", {**sent, "subject": ""}, htmx=True)
    assert refused.status_code == 422
    assert f'<option value="{otto}" selected' in refused.text
    carol.post("/calendar/meetings", sent)
    with house.as_("collector") as (session, _actor):
        meeting = session.scalars(select(Meeting)).one()
    assert meeting.starts_at == at_local(DAY, 10)
    url = f"/calendar/meetings/{meeting.id}"
    with count_queries(at_most=12):
        edit = carol.get(f"{url}/edit").text
    assert 'value="10:00"' in edit
    stale = carol.post(f"{url}/edit", {**sent, "subject": "Mine", "version": "0"}, htmx=True)
    assert stale.status_code == 409
    assert 'value="Mine"' in stale.text
    his = browser.sign_in(house.people["other_collector"])
    his.post(f"{url}/answer", {"answer": "maybe"})
    assert his.post(f"{url}/answer", {"answer": "never"}).status_code == 422
    assert "perhaps" in his.get(url).text
    carol = browser.sign_in(house.people["collector"])
    carol.post(f"{url}/edit", {**sent, "end": "12:00", "version": str(meeting.version)})
    assert answers(house, meeting)["Otto"] == ""
    carol.post(f"{url}/cancel", {})
    assert "has been cancelled" in carol.get(url).text


def reminded(house, moment, job=reminding.remind):
    """Who found a line under the bell at a moment."""
    names = {user.id: name for name, user in house.people.items()}
    with clock.freeze(moment):
        job(JobContext(house.runtime.database, new_id(), {}, 1, timedelta(seconds=60), None))
    with house.runtime.database.system_session("look", write=False) as session:
        rows = session.scalars(select(Notification.user_id).where(Notification.message.startswith("Meeting: "))).all()
    return sorted(names[key] for key in rows)


def test_everybody_who_has_not_declined_is_reminded_once_for_each_time(house):
    meeting = invite(house, people=("other_collector", "trainer"), remind="1h")
    answer(house, "trainer", meeting, "no")
    assert reminded(house, at_local(DAY, 8, 59)) == []
    coming = ["collector", "other_collector"]
    assert reminded(house, at_local(DAY, 9)) == coming
    assert reminded(house, at_local(DAY, 9, 1)) == coming, "once"
    assert reminded(house, at_local(DAY, 8, 30)) == coming, "also when the clock is put back"
    with clock.freeze(at_local(DAY, 9, 2)):
        change(house, meeting, people=("other_collector",), time="15:00", end="16:00", remind="1h")
    assert reminded(house, at_local(DAY, 14)) == sorted([*coming, *coming])


def test_of_what_is_cancelled_or_over_nobody_is_reminded(house):
    late, gone = invite(house, remind="15m"), invite(house, time="12:00", end="13:00", remind="15m")
    invite(house, time="14:00", end="15:00", remind="none")
    assert late.remind == "15m"
    with house.as_("collector") as (session, actor):
        services.cancel(session, actor, gone.id)
    assert reminded(house, at_local(DAY, 14)) == []


def test_a_program_invites_reads_answers_and_cancels(house, browser: Browser):
    carol, otto = (browser.token(house.people[name]) for name in ("collector", "other_collector"))
    url, day = "/api/v1/meetings", DAY.isoformat()
    data = {"subject": "Course", "on": day, "time": "10:00", "end": "11:00", "remind": "none",
            "people": [str(house.people["other_collector"].id)]}  # fmt: skip
    made = carol.request("POST", url, json=data)
    assert made.status_code == 201
    one = f"{url}/{made.json()['id']}"
    assert {guest["name"]: guest["answer"] for guest in made.json()["people"]} == {"Carol": "yes", "Otto": ""}
    (listed,) = otto.get(f"{url}?since={day}").json()["items"]
    assert (listed["subject"], listed["answer"]) == ("Course", "")
    assert otto.request("POST", f"{one}/answer", json={"answer": "yes"}).status_code in {200, 201}
    refused = carol.request("POST", url, json=data)
    assert refused.status_code == 422
    assert "Otto" in refused.text
    changed = carol.request("PUT", one, json={**data, "time": "10:30", "version": made.json()["version"]}).json()
    assert {guest["name"]: guest["answer"] for guest in changed["people"]} == {"Carol": "yes", "Otto": ""}
    assert otto.request("POST", f"{one}/cancel", json={}).status_code == 403
    assert carol.request("POST", f"{one}/cancel", json={}).json()["state"] == "cancelled"
    assert otto.get(f"{url}?since={day}").json()["items"] == []
    assert otto.get(f"{url}?since={day}&until=2130-01-01").status_code == 422
    assert browser.token(house.people["trainer"]).get(one).status_code == 404
