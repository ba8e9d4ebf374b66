"""How often customers are spoken with, by their grade."""

from __future__ import annotations

from datetime import timedelta

import pytest
from baton_plugins.activities import cadence

from platform_core.api import local, now, today
from platform_core.kernel import settingvalues
from platform_core.testing.browser import Browser


@pytest.fixture
def paced(house):
    with house.runtime.database.system_session("test") as session:
        settingvalues.write(session, cadence.CADENCE, "A=7, B=30")
    return house


def graded(house, grade, days, name="collector", **fields):
    return house.factory.customer(
        house.people[name], name=f"{grade}{days}", grade=grade, last_contact_at=now() - timedelta(days=days), **fields
    )


@pytest.mark.any_database
@pytest.mark.parametrize("text", ["A", "A=", "A=x", "=7", "A=0", "A=1000", "A=7,,B"])
def test_a_wrong_cadence_is_refused_with_a_sentence(text):
    assert cadence.CADENCE.check(text)
    assert cadence.CADENCE.check("A=7\uff0cB=30,") == ""


def test_the_next_date_follows_the_grade_unless_somebody_says_otherwise(paced):
    paced.customer = graded(paced, "A", 1)
    follow_up = paced.log("collector")
    assert local(follow_up.next_due_at).date() == today() + timedelta(days=7)
    assert paced.log("collector").next_due_at is None, "there is a plan ahead"
    paced.customer = graded(paced, "B", 1)
    assert paced.log("collector", next="none").next_due_at is None
    assert local(paced.log("collector", outcome="agreed").next_due_at).date() == today() + timedelta(days=1)
    paced.customer = graded(paced, "C", 1)
    assert paced.log("collector").next_due_at is None


def test_silent_customers_are_mine_longest_first_and_page_by_page(paced, browser: Browser, count_queries):
    graded(paced, "A", 8), graded(paced, "B", 40), graded(paced, "A", 6), graded(paced, "B", 29), graded(paced, "C", 99)
    graded(paced, "A", 50, "other_collector")
    graded(paced, "A", 60, next_plan_at=now() + timedelta(days=1))
    graded(paced, "A", 70, restricted_at=now())
    carol = browser.sign_in(paced.people["collector"])
    carol.get("/plans/silent")
    with count_queries(at_most=12):
        html = carol.get("/plans/silent").text
    assert [name for name in ("B40", "A8", "A6", "B29", "C99", "A50", "A60", "A70") if f">{name}<" in html] == [
        "B40",
        "A8",
    ]
    assert html.index(">B40<") < html.index(">A8<")
    with paced.as_("collector") as (session, actor):
        (first,) = cadence.silent(session, actor, after=None, limit=1)
        (second,) = cadence.silent(session, actor, after=(first.since, first.customer.id), limit=5)
    assert (first.days, first.allowed, second.customer.name) == (40, 30, "A8")


def test_the_composer_says_what_it_will_propose(paced, browser: Browser):
    paced.customer = graded(paced, "A", 1)
    html = browser.sign_in(paced.people["collector"]).get(f"/follow-ups/new?customer={paced.customer.id}").text
    assert "By outcome, else in 7 days" in html
