"""One task for several people: each answers, and whoever gave it sees all answers."""

from __future__ import annotations

from datetime import timedelta
from html import unescape

import pytest
from baton_plugins.activities import plans as plan_services
from baton_plugins.activities.models import Plan
from baton_plugins.activities.reminders.models import Reminder
from baton_plugins.activities.together import assisting, tasks
from baton_plugins.activities.together.assisting import AssistInput, DeclineInput
from baton_plugins.activities.together.models import Assistance
from baton_plugins.activities.together.tasks import TaskInput
from sqlalchemy import func, select

from platform_core.api import Conflict, Invalid, today
from platform_core.permissions.models import Access
from platform_core.users.models import Notification


@pytest.fixture
def shared(house):
    """Carol's customer, seen by a colleague of hers and by the trainer as well."""
    for name in ("other_collector", "trainer"):
        house.factory.add(Access(kind="share", user_id=house.people[name].id, customer_id=house.customer.id))
    return house


def give(house, *people, by="collector", **fields):
    with house.as_(by) as (session, actor):
        chosen = [house.people[name].id for name in people]
        data = TaskInput(**{"subject": "Ask for the invoice", "people": chosen, "on": today(), **fields})
        return tasks.give(session, actor, house.customer.id, data)


def answers(house, plan, name="collector"):
    with house.as_(name) as (session, _actor):
        parts = tasks.answers(session, session.get_one(Plan, plan.id))
        return [(part.person, part.state, part.reason, part.result) for part in parts]


def request_of(house, plan):
    with house.as_("manager") as (session, _actor):
        return session.scalars(select(Assistance).where(Assistance.plan_id == plan.id)).one().id


def open_plans(house, name):
    with house.as_(name) as (session, actor):
        mine = select(Plan.id).where(Plan.assignee_id == actor.user_id, Plan.state == "open")
        return set(session.scalars(mine))


def typed(house, *people):
    return {
        "customer_id": str(house.customer.id), "subject": "Ask for the invoice", "on": today().isoformat(),
        "people": [str(house.people[name].id) for name in people],
    }  # fmt: skip


def test_each_answers_and_whoever_gave_it_sees_all(shared):
    house = shared
    own, first, second = made = give(house, "collector", "other_collector", "trainer", note="By noon, please")
    assert len({plan.task_id for plan in made}) == 1
    assert open_plans(house, "collector") == {own.id}, "what others are asked is nobody's plan before they accept"
    with house.as_("other_collector") as (session, actor):
        assisting.accept(session, actor, request_of(house, first))
    with house.as_("trainer") as (session, actor):
        assisting.decline(session, actor, request_of(house, second), DeclineInput(reason="On leave"))
    assert open_plans(house, "other_collector") == {first.id}
    assert house.read_plan(second.id).state == "cancelled"
    house.finish("other_collector", first.id, "They pay on Monday.")
    assert answers(house, own) == [
        ("Carol", "open", "", ""),
        ("Otto", "done", "", "They pay on Monday."),
        ("Tom", "declined", "On leave", ""),
    ]
    with house.runtime.database.system_session("look", write=False) as session:
        told = session.scalars(select(Notification).where(Notification.user_id == house.people["collector"].id)).all()
    assert len(told) == 3, "accepted, declined, done"


def test_reminders_and_the_next_date_begin_with_the_acceptance(shared):
    house = shared
    (plan,) = give(house, "trainer", on=today() + timedelta(days=2), time="10:00")
    assert house.now().next_plan_at is None
    with house.runtime.database.system_session("look", write=False) as session:
        assert session.scalar(select(func.count()).select_from(Reminder)) == 0
    with house.as_("trainer") as (session, actor):
        assisting.accept(session, actor, request_of(house, plan))
    assert house.now().next_plan_at == plan.due_at
    with house.runtime.database.system_session("look", write=False) as session:
        assert session.scalar(select(func.count()).select_from(Reminder)) == 1


def test_who_cannot_see_the_customer_is_named_and_nobody_gets_it(shared, browser):
    house = shared
    with pytest.raises(Invalid) as refused:
        give(house, "trainer", "agent", "finance")
    assert "Adam does not see this customer. Hand the matter over" in refused.value.fields["people"]
    assert "Fred may not write follow-ups" in refused.value.fields["people"]
    page = browser.sign_in(house.people["collector"]).post("/plans/task", typed(house, "trainer", "agent"))
    assert page.status_code == 422
    assert "Adam does not see this customer" in unescape(page.text)
    assert "Hand the matter over" in page.text
    assert 'value="Ask for the invoice"' in page.text
    with house.as_("manager") as (session, _actor):
        assert session.scalars(select(Plan)).all() == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"people": []}, "people"), ({"on": today() - timedelta(days=1)}, "on"), ({"kind": "telepathy"}, "kind")],
)
def test_mistakes_stand_at_their_field(shared, fields, field):
    with pytest.raises(Invalid) as refused:
        give(shared, "trainer", **fields)
    assert field in refused.value.fields


def test_a_part_goes_along_a_chain_without_a_circle_and_its_result_to_all(shared):
    house = shared
    (plan,) = give(house, "other_collector")
    with house.as_("other_collector") as (session, actor):
        assisting.accept(session, actor, request_of(house, plan))
    with house.as_("other_collector") as (session, actor), pytest.raises(Invalid) as refused:
        assisting.ask(session, actor, plan.id, AssistInput(user_id=house.people["collector"].id))
    assert "circle" in refused.value.fields["user_id"]
    with house.as_("other_collector") as (session, actor):
        further = assisting.ask(session, actor, plan.id, AssistInput(user_id=house.people["trainer"].id)).id
    with house.as_("trainer") as (session, actor):
        assisting.accept(session, actor, further)
    house.finish("trainer", plan.id, "Paid.")
    assert answers(house, plan) == [("Otto", "done", "", "Paid.")]
    with house.runtime.database.system_session("look", write=False) as session:
        told = select(Notification.user_id).where(Notification.message.contains("the result is there"))
        assert set(session.scalars(told)) == {house.people["collector"].id, house.people["other_collector"].id}


def test_what_nobody_has_accepted_cannot_be_finished_and_is_taken_back(shared):
    house = shared
    (plan,) = give(house, "trainer")
    with pytest.raises(Conflict, match="Nobody has accepted"):
        house.finish("collector", plan.id)
    asked = request_of(house, plan)
    with house.as_("collector") as (session, actor):
        assisting.withdraw(session, actor, asked)
    assert house.read_plan(plan.id).state == "cancelled"
    with house.as_("trainer") as (session, actor), pytest.raises(Conflict):
        assisting.accept(session, actor, asked)
    with house.as_("collector") as (session, actor):
        plan_services.reopen_plan(session, actor, plan.id)
    assert open_plans(house, "collector") == {plan.id}, "whoever gave it may do it after all"


def test_on_pages(shared, browser, count_queries):
    house = shared
    collector = browser.sign_in(house.people["collector"])
    url = f"/plans/task?customer={house.customer.id}"
    assert url in unescape(collector.get(f"/plans/new?customer={house.customer.id}").text)
    with count_queries(at_most=12):
        form = collector.get(url, htmx=True).text
    assert "Otto" in form
    made = collector.post("/plans/task", typed(house, "other_collector", "trainer"))
    assert made.status_code == 303
    assert made.headers["location"].endswith("/task")
    trainer = browser.sign_in(house.people["trainer"])
    assert "Ask for the invoice" in trainer.get("/").text
    with house.as_("manager") as (session, _actor):
        plan_id = session.scalars(select(Plan.id).limit(1)).one()
    assert "waits for an answer" in trainer.get(f"/plans/{plan_id}").text
    with house.as_("manager") as (session, _actor):
        asked = select(Assistance.id).where(Assistance.to_id == house.people["trainer"].id)
        assistance_id = session.scalars(asked).one()
    assert trainer.post(f"/assistance/{assistance_id}/accept").status_code == 303
    collector = browser.sign_in(house.people["collector"])
    assert "All answers" in collector.get("/plans/delegated").text
    with count_queries(at_most=12):
        page = collector.get(made.headers["location"]).text
    assert "Otto" in page
    assert "is asked" in page
    assert "does it" in page
    assert browser.sign_in(house.people["agent"]).get(made.headers["location"]).status_code == 404


def test_for_programs(shared, browser):
    house = shared
    collector = browser.sign_in(house.people["collector"])
    made = collector.post("/api/v1/plans/tasks", json=typed(house, "trainer"))
    assert made.status_code == 201
    (part,) = made.json()
    assert (part["person"], part["state"]) == ("Tom", "asked")
    assert collector.get(f"/api/v1/plans/{part['plan_id']}/answers").json() == [part]
    assert browser.sign_in(house.people["agent"]).get(f"/api/v1/plans/{part['plan_id']}/answers").status_code == 404
