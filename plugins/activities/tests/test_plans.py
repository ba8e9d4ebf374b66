from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from baton_plugins.activities import plans
from baton_plugins.activities.forms import PlanMove
from baton_plugins.activities.models import FollowUp, Plan
from sqlalchemy import select

from platform_core.api import Conflict, Forbidden, Invalid, NotFound, local, today
from platform_core.relay import services as relay


def change(house, name, verb, plan, *more):
    with house.as_(name) as (session, actor):
        return verb(session, actor, plan.id, *more)


def test_past_days_and_times_are_refused(house):
    with pytest.raises(Invalid) as refusal:
        house.plan("collector", on=today() - timedelta(days=1))
    assert list(refusal.value.fields) == ["on"]
    with pytest.raises(Invalid):
        house.plan("collector", on=today() - timedelta(days=1), time="23:59")
    assert house.now().next_plan_at is None


def test_move_cancel_and_undo_keep_the_customers_next_date(house):
    plan = house.plan("collector", on=today() + timedelta(days=2))
    moved = change(house, "collector", plans.move_plan, plan, PlanMove(on=today() + timedelta(days=5), time="10:00"))
    assert house.now().next_plan_at == moved.due_at
    assert not moved.all_day
    change(house, "collector", plans.cancel_plan, plan)
    assert house.now().next_plan_at is None
    with pytest.raises(Conflict):
        change(house, "collector", plans.cancel_plan, plan)
    change(house, "collector", plans.reopen_plan, plan)
    assert house.now().next_plan_at == moved.due_at
    with pytest.raises(Conflict):
        change(house, "collector", plans.reopen_plan, plan)


def test_only_whoever_has_it_and_the_heads_move_a_plan(house):
    plan = house.plan("collector")
    later = PlanMove(on=today() + timedelta(days=5))
    change(house, "collect_head", plans.move_plan, plan, later)
    with pytest.raises(NotFound):
        change(house, "other_collector", plans.move_plan, plan, later)
    with pytest.raises(Forbidden):
        change(house, "finance", plans.cancel_plan, plan)


def test_of_two_who_finish_the_same_plan_one_wins(house):
    plan = house.plan("collector")
    together = threading.Barrier(2, timeout=20)
    results: dict[str, object] = {}

    def finish(name):
        together.wait()
        try:
            results[name] = house.finish(name, plan.id, f"by {name}", outcome="interested")
        except Conflict as error:
            results[name] = error

    threads = [threading.Thread(target=finish, args=(name,)) for name in ("collector", "collect_head")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    won = [name for name, result in results.items() if isinstance(result, FollowUp)]
    lost = [name for name, result in results.items() if isinstance(result, Conflict)]
    assert (len(won), len(lost)) == (1, 1)
    assert house.bodies("manager") == [f"by {won[0]}"]
    with house.as_("manager") as (session, _actor):
        assert len(session.scalars(select(Plan).where(Plan.state == "open")).all()) == 1


def test_a_finished_plan_lends_its_contact_and_engagement(house):
    engagement_id = house.open()
    plan = house.plan("collector", engagement_id=engagement_id)
    follow_up = house.finish("collector", plan.id)
    assert follow_up.engagement_id == engagement_id
    assert follow_up.leg_id is not None


def test_taking_over_passes_the_engagements_plans_on(house):
    engagement_id = house.open()
    bound = house.plan("collector", engagement_id=engagement_id)
    free = house.plan("collector", "Birthday")
    house.pass_on("collector", "trainer", engagement_id)
    passed = house.read_plan(bound.id)
    assert (passed.assignee_id, passed.department_id) == (house.people["trainer"].id, house.departments["train"].id)
    assert passed.passed_on_by_label == "Carol"
    assert house.read_plan(free.id).assignee_id == house.people["collector"].id
    with pytest.raises(Forbidden):
        house.finish("collector", bound.id)
    house.finish("trainer", bound.id)


def test_the_service_department_gets_its_first_visit_once(house):
    engagement_id = house.open()
    house.pass_on("collector", "trainer", engagement_id)
    house.pass_on("trainer", "agent", engagement_id)
    with house.as_("agent") as (session, _actor):
        (visit,) = session.scalars(select(Plan).where(Plan.cause == "relay.first_visit")).all()
    assert visit.assignee_id == house.people["agent"].id
    assert visit.engagement_id == engagement_id
    assert visit.all_day
    assert 3 <= (local(visit.due_at).date() - today()).days <= 5
    assert house.now().next_plan_at == visit.due_at


def test_plans_of_a_closed_engagement_can_still_be_settled(house):
    engagement_id = house.open()
    plan = house.plan("collector", engagement_id=engagement_id)
    with house.as_("collector") as (session, actor):
        relay.cancel(session, actor, engagement_id, "They went elsewhere.")
    change(house, "collector", plans.cancel_plan, plan)
    assert house.read_plan(plan.id).state == "cancelled"


def test_whoever_loses_their_part_loses_its_plans_to_the_holder(house, factory):
    engagement_id = house.open()
    with house.as_("collector") as (session, actor):
        relay.add_member(session, actor, engagement_id, house.people["agent"].id)
    helpers = house.plan("agent", engagement_id=engagement_id)
    with house.as_("collector") as (session, actor):
        relay.remove_member(session, actor, engagement_id, house.people["agent"].id)
    assert house.read_plan(helpers.id).assignee_id == house.people["collector"].id
    leg_id = house.log("collector", engagement_id=engagement_id).leg_id
    with house.as_("collect_head") as (session, actor):
        relay.reassign(session, actor, leg_id, house.people["other_collector"].id)
    passed = house.read_plan(helpers.id)
    assert passed.assignee_id == house.people["other_collector"].id
    assert passed.passed_on_by_label == "Carol"


def test_helpers_keep_their_plans_while_they_write(house):
    engagement_id = house.open()
    house.pass_on("collector", "trainer", engagement_id)
    with house.as_("trainer") as (session, actor):
        relay.add_member(session, actor, engagement_id, house.people["other_collector"].id)
    plan = house.plan("other_collector", engagement_id=engagement_id)
    with house.as_("trainer") as (session, actor):
        relay.add_member(session, actor, engagement_id, house.people["collect_head"].id)
        relay.remove_member(session, actor, engagement_id, house.people["collect_head"].id)
    assert house.read_plan(plan.id).assignee_id == house.people["other_collector"].id
