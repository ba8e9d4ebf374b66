"""Urging: counted, answered by the person alone, and told to the heads above when the time is over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from baton_plugins.activities.urging import escalating, services
from baton_plugins.activities.urging.models import Urge
from baton_plugins.activities.urging.services import AnswerInput, UrgeInput
from sqlalchemy import select

from platform_core.api import Conflict, Forbidden, JobContext, NotFound, local, new_id, today
from platform_core.kernel import clock
from platform_core.testing.browser import Browser
from platform_core.users.models import Notification


def urge(house, name, kind, record_id, text="How does it stand?"):
    with house.as_(name) as (session, actor):
        return services.urge(session, actor, kind, record_id, UrgeInput(text=text))


def rows(house):
    with house.runtime.database.system_session("look", write=False) as session:
        return session.scalars(select(Urge).order_by(Urge.at)).all()


def told(house, name):
    with house.runtime.database.system_session("look", write=False) as session:
        statement = select(Notification.message).where(Notification.user_id == house.people[name].id)
        return list(session.scalars(statement.order_by(Notification.at, Notification.id)))


def escalate(house, moment):
    with clock.freeze(moment):
        escalating.escalate(JobContext(house.runtime.database, new_id(), {}, 1, timedelta(seconds=60), None))


def test_urging_again_counts_and_keeps_the_first_deadline(house):
    plan = house.plan("collector")
    first = urge(house, "collect_head", "plan", plan.id)
    again = urge(house, "manager", "plan", plan.id, "")
    assert (again.id, again.count, again.answer_by) == (first.id, 2, first.answer_by)
    assert (again.from_label, again.text) == ("Max", "How does it stand?")
    assert local(first.answer_by).date() > today()
    assert len(told(house, "collector")) == 2
    with house.as_("collector") as (session, actor):
        services.answer(session, actor, first.id, AnswerInput(answer="They sign on Friday."))
    assert "has answered" in told(house, "manager")[-1]
    with house.as_("collector") as (session, actor), pytest.raises(Conflict):
        services.answer(session, actor, first.id, AnswerInput(answer="Again"))
    assert urge(house, "collect_head", "plan", plan.id).id != first.id


@pytest.mark.parametrize("kind", ["customer", "engagement"])
def test_any_business_has_somebody_to_urge(house, kind):
    record_id = house.customer.id if kind == "customer" else house.open()
    assert urge(house, "collect_head", kind, record_id).to_id == house.people["collector"].id


def test_only_heads_urge_and_only_their_people(house):
    plan = house.plan("collector")
    for name in ("other_collector", "trainer", "agent"):
        with pytest.raises((Forbidden, NotFound)):
            urge(house, name, "plan", plan.id)
    own = house.factory.customer(house.people["collect_head"])
    with pytest.raises(Forbidden):
        urge(house, "collect_head", "customer", own.id)
    pool = house.factory.customer(None)
    with pytest.raises(Conflict):
        urge(house, "manager", "customer", pool.id)
    found = urge(house, "collect_head", "plan", plan.id)
    with house.as_("other_collector") as (session, actor), pytest.raises(NotFound):
        services.answer(session, actor, found.id, AnswerInput(answer="Not mine"))


def test_who_does_not_answer_in_time_is_told_of_once(house):
    plan = house.plan("collector")
    found = urge(house, "manager", "plan", plan.id)
    escalate(house, found.answer_by - timedelta(minutes=1))
    assert told(house, "collect_head") == []
    for _time in range(2):
        escalate(house, found.answer_by + timedelta(minutes=1))
    assert ["in time" in line for line in told(house, "collect_head")] == [True]
    assert "in time" in told(house, "manager")[-1]
    assert rows(house)[0].escalated_at is not None
    answered = urge(house, "manager", "customer", house.customer.id)
    with house.as_("collector") as (session, actor):
        services.answer(session, actor, answered.id, AnswerInput(answer="Fine"))
    escalate(house, found.answer_by + timedelta(days=9))
    assert len(told(house, "collect_head")) == 1


def test_on_pages_from_the_dialog_to_the_answer(house, browser: Browser, count_queries):
    plan = house.plan("collector")
    hanna = browser.sign_in(house.people["collect_head"])
    assert f"/urged/new?customer={house.customer.id}" in hanna.get(f"/customers/{house.customer.id}").text
    sheet = hanna.get(f"/urged/new?plan={plan.id}", htmx=True).text
    assert "Carol has to answer" in sheet
    sent = {"kind": "plan", "record_id": str(plan.id), "text": "Is it signed?"}
    assert "1 times so far" in hanna.post("/urged", sent, htmx=True).text
    (row,) = rows(house)
    carol = browser.sign_in(house.people["collector"])
    with count_queries(at_most=12):
        html = carol.get("/").text
    assert "Is it signed?" in html
    refused = carol.post(f"/urged/{row.id}/answer", {"answer": " "})
    assert refused.status_code == 422
    assert carol.post(f"/urged/{row.id}/answer", {"answer": "On Friday."}).status_code == 303
    assert "Is it signed?" not in carol.get("/").text
    hanna = browser.sign_in(house.people["collect_head"])
    with count_queries(at_most=12):
        assert "On Friday." in hanna.get("/urged").text
    assert carol.get("/urged").status_code == 403


def test_the_same_for_programs(house, browser: Browser):
    plan = house.plan("collector")
    hanna, carol = (browser.token(house.people[name]) for name in ("collect_head", "collector"))
    api = "/api/v1/urges"
    made = hanna.request("POST", api, json={"kind": "plan", "record_id": str(plan.id), "text": "Signed?"})
    assert (made.status_code, made.json()["count"]) == (201, 1)
    (waiting,) = carol.get(api).json()["items"]
    assert carol.get(f"{api}?of=department").status_code == 403
    assert hanna.request("POST", f"{api}/{waiting['id']}/answer", json={"answer": "x"}).status_code == 404
    assert carol.request("POST", f"{api}/{waiting['id']}/answer", json={"answer": "Yes."}).json()["answer"] == "Yes."
    assert [item["answer"] for item in hanna.get(f"{api}?of=department").json()["items"]] == ["Yes."]
