"""Plans with contacts that stand alone: made, seen where plans are seen, reminded of, finished, gone along, gone."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest
from baton_plugins.activities.desk import rearranging
from baton_plugins.activities.feeds import services as feeds
from baton_plugins.activities.models import FollowUp, Plan
from baton_plugins.activities.reminders import sweep
from baton_plugins.activities.reminders.models import Reminder, Told
from sqlalchemy import select

from platform_core.api import JobContext, at_local, changing, new_id, now, today
from platform_core.audit.models import AuditEntry
from platform_core.customers import contact_erasing, contacts
from platform_core.customers.forms import ContactInput
from platform_core.customers.models import Contact
from platform_core.kernel import clock
from platform_core.privacy import collecting
from platform_core.users.models import Notification

DAY = today() + timedelta(days=2)
WHAT = "Ask about the course"


@pytest.fixture
def person(house):
    """Of Carol, without a customer."""
    with house.as_("collector") as (session, actor):
        return contacts.create(session, actor, ContactInput(name="Deng Ying", phone="13900008321"))


@pytest.fixture
def page(house, browser):
    return lambda name: browser.sign_in(house.people[name])


def make(page, person, day=DAY, **fields):
    given = {"subject": WHAT, "kind": "call", "on": day.isoformat(), "time": "10:00", "remind": "15m"}
    return page.post(f"/plans/contacts/{person.id}", given | fields)


def rows(house, model=Plan):
    with house.runtime.database.system_session("look", write=False) as session:
        return session.scalars(select(model).order_by(model.id)).all()


def remind(house, moment):
    with clock.freeze(moment):
        sweep.remind(JobContext(house.runtime.database, new_id(), {}, 1, timedelta(seconds=60), None))
    return [(line.user_id, line.url) for line in rows(house, Notification)]


def test_it_is_made_on_the_page_of_the_contact_and_stands_where_plans_stand(house, person, page, count_queries):
    carol, home = page("collector"), f"/follow-ups/contacts/{person.id}"
    assert f'href="/plans/contacts/{person.id}"' in carol.get(home).text
    assert "Deng Ying" in carol.get(f"/plans/contacts/{person.id}").text
    bad = make(carol, person, day=today() - timedelta(days=1))
    assert (bad.status_code, WHAT in bad.text, "This date has passed" in bad.text) == (422, True, True)
    assert make(carol, person).headers["location"] == home
    (made,) = rows(house)
    assert (made.customer_id, made.contact_id, made.contact_label) == (None, person.id, "Deng Ying")
    for path in (
        home, "/plans", "/plans?due=later", "/", f"/plans/{made.id}", f"/plans/{made.id}/move", "/plans/all",
        f"/calendar?view=day&on={DAY}", f"/calendar/list?on={DAY}", f"/tracking?first={DAY}&last={DAY}",
    ):  # fmt: skip
        carol.get(path)
        with count_queries(at_most=12):
            text = unescape(carol.get(path).text)
        assert WHAT in text, path
        assert "Deng Ying" in text, path
        assert "/customers/None" not in text, path
    with house.as_("collector") as (session, actor):
        url = f"{feeds.PATH}{feeds.make(session, replace(actor, via='page'))}{feeds.ENDING}"
    assert WHAT in carol.get(url).text
    with house.runtime.database.system_session("look", write=False) as session:
        actions = set(session.scalars(select(AuditEntry.action).where(AuditEntry.entity_id == made.id)))
    assert "activities.plan" in actions


def test_one_of_today_is_counted_and_leads_the_call_list_on(house, person, page):
    carol = page("collector")
    make(carol, person, day=today(), time="")
    assert re.search(r'href="/plans"[^>]*>.*?<b[^>]*>1</b>|>1<', carol.get("/plans").text, re.DOTALL)
    calls = carol.get("/plans/calls")
    assert (calls.status_code, WHAT in calls.text, "inlinelog" in calls.text) == (200, True, False)
    house.plan("collector", on=today())
    customers = next(plan for plan in rows(house) if plan.customer_id is not None)
    done = carol.post(
        f"/plans/{customers.id}/finish", {"body": "Done.", "place": "calls", "kind": "call"},
        htmx=True,
    )  # fmt: skip
    assert (done.status_code, WHAT in done.text) == (200, True)


def test_whose_the_contact_is_decides_who_sees_it_and_works_with_it(house, person, page, browser):
    make(page("collector"), person)
    (made,) = rows(house)
    for stranger in ("trainer", "agent"):
        theirs = page(stranger)
        for path in (f"/plans/{made.id}", f"/plans/{made.id}/move", f"/plans/contacts/{person.id}"):
            assert theirs.get(path).status_code == 404, path
        assert make(theirs, person).status_code == 404
        assert theirs.post(f"/plans/{made.id}/cancel", {}).status_code == 404
        for path in (
            "/plans/all",
            "/plans/department",
            f"/calendar?view=day&on={DAY}",
            f"/tracking?first={DAY}&last={DAY}",
        ):
            assert WHAT not in theirs.get(path).text, path
        program = browser.token(house.people[stranger])
        assert program.get(f"/api/v1/plans/{made.id}").status_code == 404
        assert program.get(f"/api/v1/plans/contacts/{person.id}").status_code == 404
    head = page("collect_head")
    for path in ("/plans/department", "/plans/all", f"/plans/{made.id}"):
        assert WHAT in head.get(path).text, path
    assert make(page("finance"), person).status_code == 403
    assert len(rows(house)) == 1


def test_what_needs_a_customer_is_neither_offered_nor_done(house, person, page):
    make(page("collector"), person)
    (made,) = rows(house)
    head = page("collect_head")
    card = head.get(f"/plans/{made.id}").text
    assert [word in card for word in ("/join", "/assist", "/urged/new")] == [False] * 3
    for answer in (
        head.get(f"/plans/{made.id}/join"), head.post(f"/plans/{made.id}/join", {"text": "And the date?"}),
        page("collector").get(f"/plans/{made.id}/assist"), head.get(f"/urged/new?plan={made.id}"),
        page("collector").post(f"/plans/{made.id}/finish", {"body": "Done."}),
        page("collector").get(f"/plans/{made.id}/task"),
    ):  # fmt: skip
        assert (answer.status_code, "Give the contact to a customer first" in answer.text) == (409, True)


def test_it_is_moved_cancelled_and_taken_up_again(house, person, page):
    carol, home = page("collector"), f"/follow-ups/contacts/{person.id}"
    make(carol, person, repeat="1w")
    (made,) = rows(house)
    later = (DAY + timedelta(days=1)).isoformat()
    assert carol.post(f"/plans/{made.id}/move", {"on": later, "time": "11:00"}).headers["location"] == home
    assert house.read_plan(made.id).due_at == at_local(DAY + timedelta(days=1), 11)
    piece = carol.post(f"/plans/{made.id}/cancel", {"series": "1"}, htmx=True)
    assert (piece.status_code, "Nothing planned." in piece.text) == (200, True)
    carol.post(f"/plans/{made.id}/reopen", {})
    carol.post(f"/plans/{made.id}/cancel", {})
    assert sorted(plan.state for plan in rows(house)) == ["cancelled", "open"], "the next of the series"


def test_its_result_is_a_record_with_the_contact(house, person, page):
    carol, home = page("collector"), f"/follow-ups/contacts/{person.id}"
    make(carol, person)
    (made,) = rows(house)
    to = carol.get(f"/plans/{made.id}/finish", htmx=True)
    assert to.headers["hx-redirect"] == f"{home}?plan={made.id}"
    form = carol.get(f"{home}?plan={made.id}").text
    assert re.search(rf'<option value="{made.id}" selected', form)
    done = carol.post(home, {"body": "In March", "kind": "call", "plan_id": str(made.id)})
    assert done.headers["location"] == home
    (kept,) = rows(house, FollowUp)
    found = house.read_plan(made.id)
    assert (found.state, found.follow_up_id, kept.unplanned) == ("done", kept.id, False)
    again = carol.post(home, {"body": "In April", "kind": "call", "plan_id": str(made.id)})
    assert (again.status_code, "In April" in again.text, "already written down" in again.text) == (422, True, True)
    strange = house.plan("collector")
    wrong = carol.post(home, {"body": "In April", "kind": "call", "plan_id": str(strange.id)})
    assert (wrong.status_code, "belongs to somebody else" in wrong.text) == (422, True)
    carol.post(home, {"body": "By the way", "kind": "call"})
    assert [row.unplanned for row in rows(house, FollowUp)] == [False, True]


def test_whoever_has_it_is_reminded_until_the_contact_is_restricted(house, person, page):
    make(page("collector"), person, remind_people=str(house.people["trainer"].id))
    (made,) = rows(house)
    moment = at_local(DAY, 9, 46)
    with house.runtime.database.system_session("restrict") as session:
        session.get_one(Contact, person.id).restricted_at = now()
    assert remind(house, at_local(DAY, 9, 45)) == []
    with house.runtime.database.system_session("lift") as session:
        session.get_one(Contact, person.id).restricted_at = None
    page("collector").post(f"/plans/{made.id}/snooze", {"by": "10m"})
    with house.runtime.database.system_session("as if it waited") as session:
        session.query(Reminder).filter(Reminder.lead != "").update({"waiting": True})
    told = remind(house, moment)
    assert set(told) == {(house.people["collector"].id, f"/contacts/{person.id}?plan={made.id}")}, "Tom sees it not"
    assert all((one.customer_id, one.contact_id) == (None, person.id) for one in rows(house, Told))
    assert page("collector").get(told[0][1]).status_code == 200


def test_it_goes_along_to_the_customer_with_its_reminders(house, person, page):
    make(page("collector"), person)
    (made,) = rows(house)
    remind(house, at_local(DAY, 9, 46))
    with house.as_("collector") as (session, actor):
        contacts.attach(session, actor, person.id, house.customer.id)
    assert [row.customer_id for model in (Plan, Reminder, Told) for row in rows(house, model)] == (
        [house.customer.id] * 3
    )
    assert house.now().next_plan_at == made.due_at
    text = page("collector").get(f"/customers/{house.customer.id}").text
    assert WHAT in text
    house.finish("collector", made.id)
    assert house.read_plan(made.id).state == "done"


def test_many_are_moved_at_once(house, person, page):
    carol = page("collector")
    make(carol, person)
    (made,) = rows(house)
    assert WHAT in carol.get("/plans/all").text
    later = DAY + timedelta(days=3)
    with house.as_("collector") as (session, actor):
        asked = changing.Asked(ids=[made.id], wanted={"due": later.isoformat()}, lock=True)
        found = rearranging.CHANGES.rows(session, actor, asked)[made.id]
        assert (found.why, found.customer_id) == ("", None)
        rearranging.CHANGES.write(session, actor, made.id, {"due": later.isoformat()})
    assert house.read_plan(made.id).due_at == at_local(later, 10)


def test_programs_do_the_same(house, person, browser):
    program = browser.token(house.people["collector"])
    url = f"/api/v1/plans/contacts/{person.id}"
    made = program.request("POST", url, json={"subject": WHAT, "on": DAY.isoformat()})
    assert (made.status_code, made.json()["customer_id"], made.json()["contact_id"]) == (201, None, str(person.id))
    past = program.request("POST", url, json={"subject": WHAT, "on": "2020-01-01"})
    assert past.status_code == 422
    key = made.json()["id"]
    for path in (url, "/api/v1/plans"):
        assert [row["id"] for row in program.get(path).json()["items"]] == [key], path
    assert program.request("POST", f"/api/v1/plans/{key}/finish", json={"body": "Done."}).status_code == 409
    said = {"body": "Done.", "plan_id": key}
    assert program.request("POST", f"/api/v1/follow-ups/contacts/{person.id}", json=said).status_code == 201
    assert program.get(f"/api/v1/plans/{key}").json()["state"] == "done"


def test_of_one_in_the_bin_nothing_is_left_to_do_and_of_an_erased_one_nothing_is_left(house, person, page):
    carol = page("collector")
    make(carol, person)
    with house.as_("collector") as (session, actor):
        contacts.remove(session, actor, person.id)
    for path in ("/plans", "/", "/plans/all", f"/calendar?view=day&on={DAY}", f"/tracking?first={DAY}&last={DAY}"):
        assert WHAT not in carol.get(path).text, path
    assert remind(house, at_local(DAY, 9, 46)) == []
    with house.runtime.database.system_session("a copy") as session:
        copy = collecting.collect_contact(session, UUID(str(person.id)))
        assert copy is None or WHAT in str(copy.held)
    with house.runtime.database.system_session("as the rule of the bin does") as session:
        contact_erasing.forget(session, None, session.get_one(Contact, person.id), "over")
    assert [rows(house, model) for model in (Plan, Reminder, Told)] == [[], [], []]
