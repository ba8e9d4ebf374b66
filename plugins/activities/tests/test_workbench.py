from __future__ import annotations

from datetime import timedelta

import pytest
from baton_plugins.activities.models import Plan
from baton_plugins.activities.workbench import MOST

from platform_core.api import at_local, next_weekday, today
from platform_core.kernel import clock

# Later than anything that fixtures make, roles included: nobody has a right before it was given.
NOON = at_local(next_weekday(today(), 4), 12)


@pytest.fixture
def noon(house):
    with clock.freeze(NOON):
        yield house


def add(house, *plans):
    owner = house.people["collector"].id
    house.factory.add(
        *(
            Plan(customer_id=house.customer.id, assignee_id=owner, subject=subject, due_at=due, all_day=all_day)
            for subject, due, all_day in plans
        )
    )


def sections(house, name="collector"):
    with house.as_(name) as (session, actor):
        found = house.runtime.hooks.workbench(session, actor)
    return {item.value.key: item.value for item in found if item.owner == "activities"}


def titles(section):
    return [item.title for item in section.items]


def test_plans_are_grouped_by_urgency(noon):
    add(
        noon,
        ("last week", at_local(today() - timedelta(days=7), 10), False),
        ("this morning", at_local(today(), 9), False),
        ("any time today", at_local(today(), 18), True),
        ("this afternoon", at_local(today(), 15), False),
        ("tomorrow", at_local(today() + timedelta(days=1), 9), False),
        ("in a week", at_local(today() + timedelta(days=7), 18), True),
        ("in eight days", at_local(today() + timedelta(days=8), 9), False),
    )
    found = sections(noon)
    assert titles(found["activities.overdue"]) == ["last week", "this morning"]
    assert titles(found["activities.today"]) == ["this afternoon", "any time today"]
    assert titles(found["activities.tomorrow"]) == ["tomorrow"]
    assert titles(found["activities.later"]) == ["in a week"]
    assert [found[f"activities.{key}"].tone for key in ("overdue", "today", "tomorrow")] == ["red", "amber", "primary"]


def test_a_plan_without_a_time_is_not_overdue_before_the_day_is_over(noon):
    add(noon, ("any time today", at_local(today(), 18), True))
    with clock.freeze(NOON + timedelta(hours=9)):  # 21:00
        assert titles(sections(noon)["activities.today"]) == ["any time today"]
    with clock.freeze(NOON + timedelta(hours=13)):
        assert titles(sections(noon)["activities.overdue"]) == ["any time today"]


def test_long_sections_are_cut_and_lead_on(noon):
    tomorrow = today() + timedelta(days=1)
    add(noon, *((f"{number:02}", at_local(tomorrow, 8, number), False) for number in range(MOST + 5)))
    section = sections(noon)["activities.tomorrow"]
    assert len(section.items) == MOST
    assert section.more_url == "/plans?due=tomorrow"


def test_sections_are_mine_alone_and_cost_three_statements(noon, count_queries):
    add(noon, ("Carol's", at_local(today(), 15), False))
    assert set(sections(noon, "collect_head")) == {"activities.tabs", "activities.tally"}
    with noon.as_("collector") as (session, actor):
        noon.runtime.hooks.workbench(session, actor)  # dictionaries are cached from here on
        with count_queries(at_most=99) as sent:
            noon.runtime.hooks.workbench(session, actor)
    assert len([statement for statement in sent if "activities_" in statement]) <= 3


def test_tally_counts_what_was_done_today(noon):
    plan = noon.plan("collector")
    noon.finish("collector", plan.id)
    noon.log("collector", kind="visit")
    noon.log("collector", at=NOON - timedelta(days=1))
    (shown,) = sections(noon)["activities.tally"].items
    tally = shown.context["tally"]
    assert (tally.follow_ups, tally.calls, tally.finished) == (2, 1, 1)


def test_workbench_page_shows_rows_with_their_verbs(house, browser):
    plan = house.plan("collector", "Call about dates")
    html = browser.sign_in(house.people["collector"]).get("/").text
    assert f'id="plan-{plan.id}"' in html
    assert f'hx-get="/plans/{plan.id}/finish?place=row"' in html
    assert "Qiheng Consulting" in html
    assert "Call about dates" not in browser.sign_in(house.people["trainer"]).get("/").text
