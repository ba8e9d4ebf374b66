"""@colleague in a follow-up asks for help."""

from __future__ import annotations

from datetime import timedelta

import pytest
from baton_plugins.activities.models import Plan
from baton_plugins.activities.together import assisting, mentioning
from baton_plugins.activities.together.models import Assistance
from sqlalchemy import select

from platform_core.api import Invalid, local, today
from platform_core.permissions.models import Access
from platform_core.testing.browser import Browser


@pytest.fixture
def shared(house):
    """Carol's customer, seen by a colleague of hers and by the trainer as well."""
    for name in ("other_collector", "trainer"):
        house.factory.add(Access(kind="share", user_id=house.people[name].id, customer_id=house.customer.id))
    return house


def requests(house):
    with house.as_("manager") as (session, _actor):
        found = select(Assistance, Plan).join(Plan, Plan.id == Assistance.plan_id).order_by(Assistance.to_label)
        return [(request, plan) for request, plan in session.execute(found)]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("Please quote @Tom.", ["trainer"]),
        ("@Tom @Otto @Tom please", ["trainer", "other_collector"]),
        ("请@Tom报价，抄送@Otto", ["trainer", "other_collector"]),
        ("Mail to office@Tom.example, me.a@Otto", []),
        ("@Nobody here, @ nine, @", []),
        ("My own note, @Carol", []),
    ],
)
def test_whose_names_follow_an_at(shared, body, names):
    with shared.as_("collector") as (session, actor):
        assert mentioning.called(session, actor, body) == [shared.people[name].id for name in names]


def test_the_longest_name_counts_and_a_name_of_two_is_refused(shared):
    tommy = shared.factory.user(department=shared.departments["train"], name="Tommy")
    with shared.as_("collector") as (session, actor):
        assert mentioning.called(session, actor, "@Tommy please") == [tommy.id]
    shared.factory.user(department=shared.departments["service"], name="Otto")
    with pytest.raises(Invalid) as refused:
        shared.log("collector", "Please, @Otto")
    assert "Several colleagues are called Otto" in refused.value.fields["body"]
    assert shared.bodies("collector") == []


def test_they_are_asked_with_the_next_date_and_the_result_comes_back(shared):
    house = shared
    house.log("collector", "They want a quote, please help @Tom", next="3d")
    ((request, plan),) = requests(house)
    assert (request.to_label, request.state, plan.state, plan.cause) == ("Tom", "asked", "asked", "mention")
    assert local(plan.due_at).date() == today() + timedelta(days=3)
    assert "They want a quote" in plan.subject
    with house.as_("trainer") as (session, actor):
        assisting.accept(session, actor, request.id)
    house.finish("trainer", plan.id, "Quote sent.")
    ((request, plan),) = requests(house)
    assert (request.state, plan.state) == ("done", "done")


def test_who_cannot_see_the_customer_is_named_and_the_text_stays(shared, browser):
    collector = browser.sign_in(shared.people["collector"])
    typed = {"customer_id": str(shared.customer.id), "body": "Please ring them @Adam", "place": "panel"}
    refused = collector.post("/follow-ups", typed, htmx=True)
    assert refused.status_code == 422
    assert "Adam does not see this customer. Hand the matter over" in refused.text
    assert "Please ring them @Adam" in refused.text
    assert shared.bodies("collector") == []
    assert requests(shared) == []


def test_in_an_engagement_only_those_who_may_write_in_it(shared):
    engagement_id = shared.open()
    with pytest.raises(Invalid) as refused:
        shared.log("collector", "Please @Tom", engagement_id=engagement_id)
    assert "body" in refused.value.fields


def test_names_are_suggested_by_their_beginning_and_their_sound(house, browser: Browser, count_queries):
    house.factory.user(department=house.departments["train"], name="\u8d75\u654f")
    house.factory.user(department=house.departments["train"], name="Mio Tanaka")
    carol = browser.sign_in(house.people["collector"])
    carol.get("/follow-ups/names?q=")

    def names(piece):
        with count_queries(at_most=12):
            return carol.get(f"/follow-ups/names?q={piece}").json()

    assert names("t") == ["Tom", "Mio Tanaka", "Otto"]
    for piece in ("zhaom", "zm", "\u8d75", "\u654f"):
        assert names(piece) == ["\u8d75\u654f"]
    assert "Carol" not in names("")
    assert len(names("")) == 8
    assert names("nobody%20there") == []
    assert browser.sign_in(house.people["finance"]).get("/follow-ups/names?q=t").status_code == 403
