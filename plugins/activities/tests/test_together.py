"""One customer, one call; plans that pass to a colleague and come back with a result."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from baton_plugins.activities.models import Plan
from baton_plugins.activities.together import assisting, joining
from baton_plugins.activities.together.assisting import AssistInput, DeclineInput
from baton_plugins.activities.together.models import Assistance, Question
from sqlalchemy import select

from platform_core.api import Conflict, Forbidden, Invalid, NotFound, today
from platform_core.permissions.models import Access
from platform_core.relay import services as relay
from platform_core.testing.browser import Browser
from platform_core.users.models import Notification


@pytest.fixture
def shared(house):
    """Carol's customer, seen by a colleague of hers and by the trainer as well."""
    for name in ("other_collector", "trainer"):
        house.factory.add(Access(kind="share", user_id=house.people[name].id, customer_id=house.customer.id))
    return house


def typed(house, day, **fields):
    return {"customer_id": str(house.customer.id), "subject": "Ask for the invoice", "on": day.isoformat(), **fields}


def plans_of(house, state="open"):
    with house.as_("manager") as (session, _actor):
        return session.scalars(select(Plan).where(Plan.state == state).order_by(Plan.created_at)).all()


def questions(house):
    with house.as_("manager") as (session, _actor):
        return session.scalars(select(Question).order_by(Question.at)).all()


def told(house, name):
    with house.runtime.database.system_session("look", write=False) as session:
        statement = select(Notification.message).where(Notification.user_id == house.people[name].id)
        return list(session.scalars(statement.order_by(Notification.at, Notification.id)))


@pytest.mark.parametrize(
    ("days", "kind", "warned"), [(0, "call", True), (3, "visit", True), (4, "call", False), (0, "note", False)]
)
def test_a_second_call_within_days_is_warned_of(shared, browser: Browser, days, kind, warned):
    first = shared.plan("collector", "Call about dates", on=today() + timedelta(days=1))
    otto = browser.sign_in(shared.people["other_collector"])
    answer = otto.post("/plans", typed(shared, today() + timedelta(days=1 + days), kind=kind), htmx=True)
    if not warned:
        assert answer.status_code == 200
        return
    assert answer.status_code == 422
    assert "One customer, one call" in answer.text
    assert f'name="join" value="{first.id}"' in answer.text
    assert 'value="Ask for the invoice"' in answer.text
    assert len(plans_of(shared)) == 1
    own = browser.sign_in(shared.people["collector"])
    assert own.post("/plans", typed(shared, today() + timedelta(days=2)), htmx=True).status_code == 200, "one's own"


def test_questions_go_along_with_the_call_and_the_result_to_all(shared, browser: Browser):
    plan = shared.plan("collector", "Call about dates")
    otto = browser.sign_in(shared.people["other_collector"])
    assert otto.post("/plans", typed(shared, today(), join=str(plan.id)), htmx=True).status_code == 200
    tom = browser.sign_in(shared.people["trainer"])
    assert "Otto: Ask for the invoice" in unescape(tom.get(f"/plans/{plan.id}/join", htmx=True).text)
    assert tom.post(f"/plans/{plan.id}/join", {"text": ""}, htmx=True).status_code == 422
    assert tom.post(f"/plans/{plan.id}/join", {"text": "Is March fine?"}).status_code == 303
    assert len(plans_of(shared)) == 1
    carol = browser.sign_in(shared.people["collector"])
    sheet = carol.get(f"/plans/{plan.id}/finish?place=row", htmx=True).text
    assert "Otto: Ask for the invoice" in sheet
    assert "Tom: Is March fine?" in sheet
    assert len([line for line in told(shared, "collector") if "has a question" in line]) == 2
    follow_up = shared.finish("collector", plan.id, "March is fine, the invoice is paid.")
    assert {(row.follow_up_id, row.settled_at is not None) for row in questions(shared)} == {(follow_up.id, True)}
    for name in ("other_collector", "trainer"):
        assert ["the answer to your question" in line for line in told(shared, name)] == [True]
    with pytest.raises(Conflict):
        ask_along(shared, "trainer", plan)


def ask_along(house, name, plan, text="One more?"):
    with house.as_(name) as (session, actor):
        return joining.join(session, actor, plan.id, joining.QuestionInput(text=text))


def test_a_call_that_does_not_take_place_leaves_its_questions_open(shared, browser: Browser):
    plan = shared.plan("collector")
    ask_along(shared, "trainer", plan)
    with pytest.raises(Invalid):
        ask_along(shared, "collector", plan)
    with pytest.raises(NotFound):
        ask_along(shared, "agent", plan)
    browser.sign_in(shared.people["collector"]).post(f"/plans/{plan.id}/cancel", {}, htmx=True)
    assert "still open" in told(shared, "trainer")[-1]
    assert questions(shared)[0].follow_up_id is None


def ask(house, sender, receiver, plan, note="Please call for me"):
    with house.as_(sender) as (session, actor):
        data = AssistInput(user_id=house.people[receiver].id, note=note)
        return assisting.ask(session, actor, plan.id, data)


def answer(house, name, request, act=assisting.accept, *arguments):
    with house.as_(name) as (session, actor):
        return act(session, actor, request.id, *arguments)


def requests(house):
    with house.as_("manager") as (session, _actor):
        return session.scalars(select(Assistance).order_by(Assistance.at)).all()


def test_a_plan_goes_along_a_chain_and_its_result_back_to_everybody(shared):
    plan = shared.plan("collector")
    answer(shared, "other_collector", ask(shared, "collector", "other_collector", plan))
    assert shared.read_plan(plan.id).passed_on_by_label == "Carol"
    answer(shared, "trainer", ask(shared, "other_collector", "trainer", plan))
    assert shared.read_plan(plan.id).assignee_id == shared.people["trainer"].id
    for name in ("collector", "other_collector"):
        with pytest.raises(Invalid) as refusal:
            ask(shared, "trainer", name, plan)
        assert "circle" in refusal.value.fields["user_id"]
    with pytest.raises(Forbidden):
        ask(shared, "collector", "manager", plan)
    follow_up = shared.finish("trainer", plan.id, "They will come.")
    assert {(row.state, row.follow_up_id) for row in requests(shared)} == {("done", follow_up.id)}
    for name in ("collector", "other_collector"):
        assert "the result is there" in told(shared, name)[-1]
        assert "They will come." in shared.bodies(name)


def test_one_request_at_a_time_answered_once(shared):
    plan = shared.plan("collector")
    request = ask(shared, "collector", "other_collector", plan)
    with pytest.raises(Conflict):
        ask(shared, "collector", "trainer", plan)
    with pytest.raises(NotFound):
        answer(shared, "trainer", request)
    answer(shared, "other_collector", request, assisting.decline, DeclineInput(reason="On leave"))
    assert "%(reason)s" in told(shared, "collector")[-1]
    with pytest.raises(Conflict):
        answer(shared, "other_collector", request)
    again = ask(shared, "collector", "other_collector", plan)
    with pytest.raises(NotFound):
        answer(shared, "other_collector", again, assisting.withdraw)
    answer(shared, "collector", again, assisting.withdraw)
    with pytest.raises(Conflict):
        answer(shared, "other_collector", again)
    assert shared.read_plan(plan.id).assignee_id == shared.people["collector"].id


def test_a_request_ends_with_its_plan_and_with_whoever_asked(shared):
    plan = shared.plan("collector")
    open_one = ask(shared, "collector", "other_collector", plan)
    shared.finish("collector", plan.id)
    assert requests(shared)[0].state == "cancelled"
    with pytest.raises(Conflict):
        answer(shared, "other_collector", open_one)
    engagement_id = shared.open()
    with shared.as_("collector") as (session, actor):
        relay.add_member(session, actor, engagement_id, shared.people["other_collector"].id)
    bound = shared.plan("collector", engagement_id=engagement_id)
    request = ask(shared, "collector", "other_collector", bound)
    shared.pass_on("collector", "trainer", engagement_id)
    with pytest.raises(Conflict):  # the trainer has it now, and asked nobody
        answer(shared, "other_collector", request)


@pytest.mark.parametrize(
    ("receiver", "sentence"),
    [
        ("agent", "Hand the matter over to their department"),
        ("finance", "may not write follow-ups"),
        ("collector", "choose"),
    ],
)
def test_who_cannot_do_it_is_not_asked(shared, browser: Browser, receiver, sentence):
    plan = shared.plan("collector")
    carol = browser.sign_in(shared.people["collector"])
    data = {"user_id": str(shared.people[receiver].id), "note": "Kept note"}
    refused = carol.post(f"/plans/{plan.id}/assist", data, htmx=True)
    assert refused.status_code == 422
    assert sentence in unescape(refused.text)
    assert "Kept note" in refused.text
    assert re.search(r'name="user_id"[^>]*aria-invalid="true"', refused.text)
    assert requests(shared) == []


def test_an_engagement_is_written_in_only_by_its_people(shared):
    plan = shared.plan("collector", engagement_id=shared.open())
    with pytest.raises(Invalid) as refusal:
        ask(shared, "collector", "trainer", plan)
    assert "user_id" in refusal.value.fields


def test_asking_taking_and_declining_on_pages(shared, browser: Browser):
    plan = shared.plan("collector", "Call about dates")
    carol = browser.sign_in(shared.people["collector"])
    assert f"/plans/{plan.id}/assist" in carol.get(f"/plans/{plan.id}").text
    data = {"user_id": str(shared.people["other_collector"].id), "note": "They know you"}
    assert carol.post(f"/plans/{plan.id}/assist", data).status_code == 303
    (request,) = requests(shared)
    otto = browser.sign_in(shared.people["other_collector"])
    refused = otto.post(f"/assistance/{request.id}/decline", {"reason": " "})
    assert refused.status_code == 422
    assert 'name="reason"' in refused.text
    assert otto.post(f"/assistance/{request.id}/accept").status_code == 303
    assert shared.read_plan(plan.id).assignee_id == shared.people["other_collector"].id
    assert otto.post(f"/assistance/{request.id}/accept").status_code == 409
    carol = browser.sign_in(shared.people["collector"])
    assert carol.post(f"/assistance/{request.id}/decline", {"reason": ""}).status_code == 404


def test_the_same_for_programs(shared, browser: Browser):
    plan = shared.plan("collector", "Call about dates")
    carol, otto = (browser.token(shared.people[name]) for name in ("collector", "other_collector"))
    api = "/api/v1"
    near = f"{api}/plans/near?customer_id={shared.customer.id}&on={today().isoformat()}"
    assert [item["plan_id"] for item in otto.get(near).json()] == [str(plan.id)]
    assert carol.get(near).json() == []
    made = otto.request("POST", f"{api}/plans/{plan.id}/questions", json={"text": "Is March fine?"})
    assert (made.status_code, made.json()["settled_at"]) == (201, None)
    agent = {"user_id": str(shared.people["agent"].id)}
    refused = carol.request("POST", f"{api}/plans/{plan.id}/assistance", json=agent)
    assert [error["field"] for error in refused.json()["errors"]] == ["user_id"]
    ids = {"user_id": str(shared.people["other_collector"].id), "note": "x"}
    assert carol.request("POST", f"{api}/plans/{plan.id}/assistance", json=ids).status_code == 201
    (waiting,) = otto.get(f"{api}/assistance").json()["items"]
    url = f"{api}/assistance/{waiting['id']}"
    assert carol.request("POST", f"{url}/accept").status_code == 404
    assert otto.request("POST", f"{url}/decline", json={"reason": ""}).status_code in {400, 422}
    assert otto.request("POST", f"{url}/accept").json()["state"] == "accepted"
    assert otto.request("POST", f"{url}/accept").status_code == 409
    assert [item["state"] for item in carol.get(f"{api}/assistance?direction=from").json()["items"]] == ["accepted"]
