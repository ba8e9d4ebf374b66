"""Reminders: whom, when, through what, and once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from baton_plugins.activities import plans
from baton_plugins.activities.reminders import digest, leads, settings, sweep
from baton_plugins.activities.reminders.models import Reminder, Told
from sqlalchemy import select

from platform_core.api import Customer, JobContext, Scope, at_local, new_id, today
from platform_core.api.messages import OutboxMessage, message_text
from platform_core.customers import erasing
from platform_core.kernel import clock, counters, settingvalues
from platform_core.permissions import actors
from platform_core.permissions.models import Role, RoleAssignment, RoleGrant
from platform_core.testing.browser import Browser
from platform_core.users.models import Notification, User

DAY = today() + timedelta(days=2)
TEN = at_local(DAY, 10)


def plan(house, name="collector", time="10:00", **fields):
    return house.plan(name, on=DAY, time=time, **fields)


def work(house, moment, job=sweep.remind):
    """Returns what people were told by it: (person, message, parameters)."""
    with clock.freeze(moment):
        known = {row.id for row in lines(house)}
        job(JobContext(house.runtime.database, new_id(), {}, 1, timedelta(seconds=60), None))
        return [row for row in lines(house) if row.id not in known]


def lines(house):
    with house.runtime.database.system_session("look", write=False) as session:
        return session.scalars(select(Notification).order_by(Notification.at, Notification.id)).all()


def who(house, rows):
    names = {user.id: name for name, user in house.people.items()}
    return sorted(names[row.user_id] for row in rows)


def told(house):
    with house.runtime.database.system_session("look", write=False) as session:
        return session.scalars(select(Told).order_by(Told.at)).all()


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("due", "lead", "all_day", "expected"),
    [
        ((2026, 3, 29, 10), "15m", False, (2026, 3, 29, 9, 45)),
        ((2026, 3, 29, 10), "1d", False, (2026, 3, 28, 10, 0)),  # a day of 23 hours in between
        ((2026, 10, 25, 10), "1d", False, (2026, 10, 24, 10, 0)),  # and one of 25
        ((2026, 10, 25, 10), "7d", False, (2026, 10, 18, 10, 0)),
        ((2026, 10, 25, 18), "0m", True, (2026, 10, 25, 9, 0)),
        ((2026, 10, 25, 18), "2h", True, (2026, 10, 25, 9, 0)),
        ((2026, 10, 25, 18), "2d", True, (2026, 10, 23, 9, 0)),
    ],
)
def test_days_before_are_days_of_the_house(due, lead, all_day, expected):
    before = clock.zone().key
    clock.configure("Europe/Berlin")
    try:
        moment = at_local(date(*due[:3]), due[3])
        assert leads.fires_at(moment, lead, all_day=all_day) == at_local(date(*expected[:3]), *expected[3:])
    finally:
        clock.configure(before)


def test_a_plan_with_a_time_is_reminded_of_once_and_moves_with_its_reminder(house):
    made = plan(house)
    assert work(house, TEN - timedelta(minutes=16)) == []
    (line,) = work(house, TEN - timedelta(minutes=15))
    assert line.user_id == house.people["collector"].id
    assert line.parameters["customer"] == "Qiheng Consulting"
    assert line.url == f"/customers/{house.customer.id}?plan={made.id}"
    assert work(house, TEN) == []
    moved = DAY + timedelta(days=1)
    with house.as_("collector") as (session, actor):
        plans.move_plan(session, actor, made.id, plans.PlanMove(on=moved, time="11:00"))
    assert len(work(house, at_local(moved, 11))) == 1
    with house.as_("collector") as (session, actor):  # there again: the moment was announced
        plans.move_plan(session, actor, made.id, plans.PlanMove(on=DAY, time="10:00"))
    assert work(house, TEN) == []
    assert len(told(house)) == 2


def test_several_people_at_several_times_each_who_may_see_it(house):
    others = [house.people[name].id for name in ("collect_head", "trainer", "manager")]
    plan(house, remind=["15m", "1d"], remind_people=others)
    assert who(house, work(house, TEN - timedelta(days=1))) == ["collect_head", "collector", "manager"]
    house.factory.add()  # the trainer sees nothing of this customer
    assert who(house, work(house, TEN - timedelta(minutes=10))) == ["collect_head", "collector", "manager"]
    assert work(house, TEN) == []
    assert len(told(house)) == 6


def test_what_is_over_or_passed_on_is_told_to_nobody_or_its_holder(house):
    cancelled, engagement_id = plan(house), house.open()
    with house.as_("collector") as (session, actor):
        plans.cancel_plan(session, actor, cancelled.id)
    plan(house, engagement_id=engagement_id)
    house.pass_on("collector", "trainer", engagement_id)
    assert who(house, work(house, TEN)) == ["trainer"]


def test_nobody_is_reminded_to_call_whom_nobody_may_contact(house):
    plan(house)
    with house.runtime.database.system_session("test") as session:
        session.get_one(Customer, house.customer.id).restricted_at = clock.now()
    assert work(house, TEN) == []


def test_many_at_once_are_one_line_and_none_is_named_in_it(house):
    for number in range(6):
        plan(house, subject=f"Call {number}")
    (line,) = work(house, TEN)
    assert line.parameters["number"] == 6
    assert "customer" not in line.parameters
    assert len(told(house)) == 6


def test_of_two_workers_one_has_all_of_a_person(house, backend):
    """Shared between two, a person would be told in two lines."""
    if backend == "sqlite":
        pytest.skip("writers wait for each other there")
    for number in range(6):
        plan(house, subject=f"Call {number}")
    people = [house.people["collector"].id]
    with clock.freeze(TEN), house.runtime.database.system_session("another worker, which dies") as session:
        some = select(Reminder.id).where(Reminder.waiting).order_by(Reminder.id).limit(1).with_for_update()
        session.execute(some)
        assert work(house, TEN) == []
        session.rollback()
    with clock.freeze(TEN), house.runtime.database.system_session("a third one") as session:
        assert len(sweep._hold(session, people, TEN)) == 6
        assert work(house, TEN) == []
        session.rollback()
    (line,) = work(house, TEN)
    assert line.parameters["number"] == 6


def test_put_off_it_comes_again_for_that_person_alone(house, browser):
    made = plan(house)
    work(house, TEN)
    carol = browser.sign_in(house.people["collector"])
    assert carol.post(f"/plans/{made.id}/snooze", {"by": "soon"}).status_code == 422
    assert "dialog-close" in carol.post(f"/plans/{made.id}/snooze", {"by": "30m"}, htmx=True).headers["hx-trigger"]
    assert carol.post(f"/plans/{made.id}/snooze", {"by": "1h"}).status_code == 303
    assert work(house, clock.now() + timedelta(minutes=59)) == []
    assert who(house, work(house, TEN)) == ["collector"]
    page = carol.get(f"/plans/{made.id}").text
    assert "Reminded" in page
    assert browser.sign_in(house.people["trainer"]).get(f"/plans/{made.id}").status_code == 404


def test_the_morning_tells_everybody_of_their_day_once(house):
    plan(house)
    plan(house, name="collect_head")
    late = house.plan("collector", on=DAY - timedelta(days=1))
    found = work(house, at_local(DAY, 8, 15), digest.overview)
    assert who(house, found) == ["collect_head", "collector"]
    (carols,) = [line for line in found if line.user_id == late.assignee_id]
    assert carols.parameters == {"number": 2, "late": 1}
    assert work(house, at_local(DAY, 9), digest.overview) == []


@pytest.fixture
def entitled(house):
    """Carol may get text messages, and has a mobile."""
    with house.runtime.database.system_session("test") as session:
        role = Role(code="texts", name="Texts")
        session.add(role)
        session.flush()
        session.add(RoleGrant(role_id=role.id, permission="activities.sms", scope=Scope.ALL))
        for name in ("collector", "collect_head"):
            session.add(RoleAssignment(user_id=house.people[name].id, role_id=role.id))
            session.get_one(User, house.people[name].id).phone = "13800138000" if name == "collector" else ""
        counters.bump(session, actors.COUNTER)
    return house


def texts(house):
    with house.runtime.database.system_session("look", write=False) as session:
        return [
            message_text(session, row.content)
            for row in session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))
        ]


def test_a_text_message_goes_only_to_whoever_may_has_a_number_and_is_away(entitled, browser: Browser):
    others = [entitled.people[name].id for name in ("collect_head", "manager")]
    plan(entitled, remind_people=others, remind=["10m", "1h"])
    with clock.freeze(TEN - timedelta(hours=1)):
        browser.sign_in(entitled.people["collector"]).get("/plans")
    assert len(work(entitled, TEN - timedelta(hours=1))) == 3
    assert texts(entitled) == [], "she is here"
    assert len(work(entitled, TEN - timedelta(minutes=10))) == 3
    (text,) = texts(entitled)
    assert "10:00" in text
    assert "Qiheng" not in text
    assert sorted(row.ways for row in told(entitled)) == ["page"] * 5 + ["page,sms"]
    with entitled.runtime.database.system_session("test") as session:
        settingvalues.write(session, settings.SMS_AWAY, value=False)
        settingvalues.write(session, settings.SMS_NAMES, value=True)
    plan(entitled, time="11:00")
    work(entitled, TEN + timedelta(hours=1))
    assert "Qiheng" in texts(entitled)[-1]


def test_erasing_takes_the_names_out_of_what_people_were_told(house):
    plan(house)
    work(house, TEN)
    with house.as_("manager") as (session, actor):
        erasing.erase(session, actor, house.customer.id, "asked for it")
    assert [line for line in lines(house) if "customer" in line.parameters] == []
    with house.runtime.database.system_session("look", write=False) as session:
        assert session.scalars(select(Reminder)).all() == []
