from __future__ import annotations

import pytest
from baton_plugins.activities.models import FollowUp, FollowUpRevision, Plan
from sqlalchemy import select

from platform_core.api import Forbidden, Invalid, TimelineQuery
from platform_core.relay import services as relay

SECRET = "They pay at most 30,000."


def seen(house, name):
    """Everything the plugin shows somebody about the customer, as one text."""
    with house.as_(name) as (session, actor):
        hooks, customer = house.runtime.hooks, house.customer
        found = [
            hooks.customer_facts(session, actor, customer),
            [item.value.context for item in hooks.customer_panels(session, actor, customer)],
            hooks.customer_timeline(session, actor, TimelineQuery(customer.id, 50)),
            hooks.workbench(session, actor),
            session.scalars(select(Plan.subject)).all(),
            session.scalars(select(FollowUpRevision.body)).all(),
            session.scalars(select(FollowUp.body)).all(),
        ]
    return repr(found)


@pytest.fixture
def matter(house):
    """An engagement with a follow-up and a plan, on its second leg."""
    engagement_id = house.open()
    house.log("collector", SECRET, engagement_id=engagement_id)
    house.plan("collector", SECRET, engagement_id=engagement_id)
    house.pass_on("collector", "trainer", engagement_id)
    return engagement_id


def test_receivers_read_what_was_written_before(house, matter):
    assert SECRET in seen(house, "trainer")
    assert SECRET in seen(house, "collector"), "the sender reads on"
    assert SECRET in seen(house, "manager")


def test_an_engagements_timeline_holds_what_was_said_before_it_was_opened(house):
    house.log("collector", "Called for the first time.")
    first, second = house.open(), house.open()
    house.log("collector", "About the first.", engagement_id=first)
    house.log("collector", "About the second.", engagement_id=second)
    house.pass_on("collector", "trainer", first)
    with house.as_("trainer") as (session, actor):
        query = TimelineQuery(house.customer.id, 50, engagement_id=first)
        told = repr(house.runtime.hooks.customer_timeline(session, actor, query))
    assert "Called for the first time." in told
    assert "About the first." in told
    assert "About the second." not in told


def test_a_colleague_without_a_part_sees_nothing_of_it(house, matter):
    assert SECRET not in seen(house, "other_collector")
    assert SECRET not in seen(house, "agent")


def test_another_matter_of_the_same_customer_does_not_open_this_one(house, matter):
    with house.as_("collector") as (session, actor):
        other = relay.open_engagement(session, actor, house.customer, house.route, "Headhunting").id
    with house.as_("collector") as (session, actor):
        relay.add_member(session, actor, other, house.people["agent"].id)
    house.log("agent", "About headhunting.", engagement_id=other)
    assert "About headhunting." in seen(house, "agent")
    assert SECRET not in seen(house, "agent")


def test_a_removed_member_sees_nothing_any_more(house, matter):
    helper = house.people["agent"].id
    with house.as_("trainer") as (session, actor):
        relay.add_member(session, actor, matter, helper)
    house.log("agent", "As a helper.", engagement_id=matter)
    assert SECRET in seen(house, "agent")
    with house.as_("trainer") as (session, actor):
        relay.remove_member(session, actor, matter, helper)
    assert SECRET not in seen(house, "agent")
    assert "As a helper." not in seen(house, "agent"), "not even their own"


def test_the_sender_reads_but_no_longer_writes(house, matter):
    with pytest.raises(Invalid) as refusal:
        house.log("collector", engagement_id=matter)
    assert list(refusal.value.fields) == ["engagement_id"]
    house.log("collector", "About the customer in general.")
    with house.as_("collector") as (session, _actor):
        plan_id = session.scalars(select(Plan.id)).one()
    with pytest.raises(Forbidden):
        house.finish("collector", plan_id)


def test_what_concerns_the_customer_alone_is_read_by_whoever_sees_the_customer(house, matter):
    house.log("collector", "They moved to Pudong.")
    assert "They moved to Pudong." in seen(house, "trainer")
    assert "They moved to Pudong." not in seen(house, "other_collector")
