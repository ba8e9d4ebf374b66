"""Plans, tasks and urging about opportunities, which another plugin keeps."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from baton_plugins.activities import plans, queries
from baton_plugins.activities.models import Plan
from baton_plugins.activities.together import tasks
from baton_plugins.activities.together.tasks import TaskInput
from baton_plugins.activities.urging import services as urging
from baton_plugins.activities.urging.services import UrgeInput
from baton_plugins.opportunities import services as opportunities
from baton_plugins.opportunities.forms import OpportunityInput
from baton_plugins.opportunities.models import ProjectType
from sqlalchemy import select

from platform_core.api import Invalid, NotFound, today
from platform_core.permissions.models import Access
from platform_core.testing.browser import Browser


@pytest.fixture
def course(house):
    """An opportunity of Carol's, with an engagement along the route."""
    with house.runtime.database.system_session("test") as session:
        session.scalars(select(ProjectType).where(ProjectType.code == "training")).one().route_id = house.route.id
    with house.as_("collector") as (session, actor):
        data = OpportunityInput(title="Course in March", project_type="training")
        return opportunities.create(session, actor, house.customer.id, data)


def test_a_plan_about_it_belongs_to_its_engagement_and_so_does_what_follows(house, course):
    plan = house.plan("collector", opportunity_id=course.id, repeat="1w")
    assert (plan.engagement_id, plan.opportunity_label) == (course.engagement_id, "Course in March")
    house.finish("collector", plan.id, next="3d")
    with house.as_("collector") as (session, _actor):
        rows = queries.of_opportunity(session, course.id)
        assert {row.plan.cause for row in rows} == {"follow_up", "series"}
        assert {row.plan.id for row in rows} == {row.plan.id for row in queries.open_plans(session, house.customer.id)}


def test_plans_that_are_closed_stand_behind_the_open_ones_page_by_page(house, course, browser: Browser):
    carol = browser.sign_in(house.people["collector"])
    url = f"/plans/opportunity/{course.id}"
    assert f'hx-get="{url}/closed"' in carol.get(url).text
    assert "No plan about it is done or cancelled." in carol.get(f"{url}/closed").text
    done, still_open = (house.plan("collector", subject, opportunity_id=course.id) for subject in ("Ring", "Later"))
    house.finish("collector", done.id)
    for number in range(20):
        made = house.plan("collector", f"Number {number:02}", opportunity_id=course.id, on=today() + timedelta(1))
        with house.as_("collector") as (session, actor):
            plans.cancel_plan(session, actor, made.id)
    first = carol.get(f"{url}/closed").text
    assert "Ring" not in first
    assert "Number 00" in first
    assert still_open.subject not in first
    older = unescape(re.search(r'hx-get="([^"]*before=[^"]*)"', first)[1])
    rest = carol.get(older).text
    assert f'href="/plans/{done.id}"' in rest
    assert "Number" not in rest
    assert "Show more" not in rest
    assert browser.sign_in(house.people["trainer"]).get(f"{url}/closed").status_code == 404


def test_what_does_not_go_together_is_refused_at_the_field(house, course):
    for wrong in ({"engagement_id": house.open()}, {"opportunity_id": house.customer.id}):
        with pytest.raises(Invalid) as refused:
            house.plan("collector", **{"opportunity_id": course.id, **wrong})
        assert list(refused.value.fields) == ["opportunity_id"]
    house.factory.add(Access(kind="share", user_id=house.people["trainer"].id, customer_id=house.customer.id))
    with pytest.raises(Invalid) as refused:
        house.plan("trainer", opportunity_id=course.id)
    assert "opportunity_id" in refused.value.fields


def test_a_task_about_it_is_told_only_to_those_who_may_see_it(house, course):
    data = TaskInput(
        subject="Check the room", people=[house.people["collector"].id], on=today(), opportunity_id=course.id
    )
    with house.as_("collector") as (session, actor):
        (mine,) = tasks.give(session, actor, house.customer.id, data)
    assert (mine.opportunity_id, mine.engagement_id) == (course.id, course.engagement_id)
    data.people = [house.people["other_collector"].id]
    with pytest.raises(Invalid) as refused, house.as_("collector") as (session, actor):
        tasks.give(session, actor, house.customer.id, data)
    assert "people" in refused.value.fields


def test_whoever_works_on_it_is_urged(house, course):
    with house.as_("manager") as (session, actor):
        made = urging.urge(session, actor, "opportunity", course.id, UrgeInput(text="How far are they?"))
    assert (made.kind, made.to_id, made.engagement_id) == (
        "opportunity", house.people["collector"].id, course.engagement_id
    )  # fmt: skip
    with pytest.raises(NotFound), house.as_("trainer") as (session, actor):
        urging.urge(session, actor, "opportunity", course.id, UrgeInput())


def test_its_page_shows_what_is_planned_and_the_workbench_names_it(house, course, browser: Browser, count_queries):
    carol = browser.sign_in(house.people["collector"])
    page = carol.get(f"/opportunities/{course.id}").text
    piece = f"/plans/opportunity/{course.id}"
    assert f'hx-get="{piece}"' in page
    form = carol.get(f"/plans/new?customer={house.customer.id}&opportunity={course.id}").text
    assert f'<option value="{course.id}" selected>' in form
    typed = {"customer_id": str(house.customer.id), "subject": "Ring about dates", "kind": "call",
             "on": (today() + timedelta(days=1)).isoformat(), "opportunity_id": str(course.id)}  # fmt: skip
    assert carol.post("/plans", typed, htmx=True).status_code == 200
    with count_queries(at_most=12):
        shown = carol.get(piece).text
    assert "Ring about dates" in shown
    with house.as_("collector") as (session, _actor):
        plan = session.scalars(select(Plan)).one()
    for address in ("/", "/plans", f"/customers/{house.customer.id}", f"/plans/{plan.id}"):
        assert f'href="/plans/{plan.id}/opportunity">Course in March</a>' in carol.get(address).text
    assert carol.get(f"/plans/{plan.id}/opportunity").headers["location"] == f"/opportunities/{course.id}"
    assert "/urged/new" not in shown
    assert f"/urged/new?opportunity={course.id}" in browser.sign_in(house.people["manager"]).get(piece).text
    assert browser.sign_in(house.people["trainer"]).get(piece).status_code == 404
    program = browser.token(house.people["collector"])
    made = program.request("POST", "/api/v1/plans", json={**typed, "subject": "By a program"})
    assert made.json()["opportunity_id"] == str(course.id)
