"""The list of all plans: conditions, orders, what each person sees of it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from baton_plugins.activities.desk import listview
from baton_plugins.activities.models import Plan
from sqlalchemy import select

from platform_core.api import CustomerInput, customer_create, today
from platform_core.customers import row_reach, widths
from platform_core.permissions.models import Access
from platform_core.testing.browser import Browser
from platform_core.web.lists import dialogs, reading
from platform_core.web.lists.reading import Reader
from platform_core.web.lists.state import GROUP


@pytest.fixture
def filled(house):
    house.factory.add(Access(kind="share", user_id=house.people["other_collector"].id, customer_id=house.customer.id))
    house.plan("collector", "Call about dates")
    house.plan("other_collector", "Send the offer", kind="mail", on=today() + timedelta(days=3))
    done = house.plan("collector", "Ask for numbers", on=today() + timedelta(days=1))
    house.finish("collector", done.id)
    house.pass_on("collector", "trainer", house.open())
    house.plan("trainer", "Prepare the course")
    with house.as_("agent") as (session, actor):
        elsewhere = customer_create(session, actor, CustomerInput(name="Harbour Trading"))
    house.customer, first = elsewhere, house.customer
    house.plan("agent", "Visit the harbour", kind="visit")
    house.customer = first
    return house


def subjects(page):
    return re.findall(r'<td class="c-name">.*?<b>(.*?)</b>', page.text, re.DOTALL)


def walked(session, actor, query, size=2):
    found, state = [], dialogs.from_query(session, actor, listview.PLANS, query)
    while True:
        page = Reader(session, actor, state).page(size)
        found += [row.id for row in page.rows]
        if not page.after:
            return found
        state = state.turned_to(after=page.after)


@pytest.mark.parametrize("most", [1, 1000])
@pytest.mark.parametrize(("wide", "part"), [(1, 1), (1, 10**6), (3000, 1)])
def test_everybody_finds_just_the_plans_that_the_policy_allows(filled, monkeypatch, wide, part, most):
    """By walking down the order, counted by looking up or not, and by looking up alone; all of them at once or not."""
    monkeypatch.setattr(row_reach, "WIDE", wide)
    monkeypatch.setattr(row_reach, "_WIDER", 0)
    monkeypatch.setattr(row_reach, "_PART", part)
    monkeypatch.setattr(reading, "COUNT_CAP", most)
    widths.forget()
    seen = {}
    for name in filled.people:
        with filled.as_(name) as (session, actor):
            allowed = set(session.scalars(select(Plan.id)))
            for query in ("view=all", "view=all&sort=done", "view=all&sort=-made", "view=all&sort=-due"):
                found = walked(session, actor, query)
                assert len(found) == len(set(found))
                assert set(found) == allowed, (name, query)
            state = dialogs.from_query(session, actor, listview.PLANS, "view=all")
            assert Reader(session, actor, state).count(1000).number == len(allowed)
            assert Reader(session, actor, state).count(1).number == min(1, len(allowed))
            seen[name] = len(allowed)
    assert seen["manager"] == 5
    assert seen["agent"] == 1
    assert 0 < seen["trainer"] <= 4


def test_conditions_orders_and_views_of_plans(filled, browser: Browser):
    manager = browser.sign_in(filled.people["manager"])

    def found(query):
        return subjects(manager.get(f"/plans/all?{query}"))

    assert set(found("")) == {"Call about dates", "Send the offer", "Prepare the course", "Visit the harbour"}
    assert found("view=done") == ["Ask for numbers"]
    assert len(found("view=all")) == 5
    assert found("f=kind:is:visit") == ["Visit the harbour"]
    assert set(found(f"f=kind:is:visit&f={GROUP}&f=kind:is:mail")) == {"Visit the harbour", "Send the offer"}
    assert found("f=due:after:today&f=state:is:open") == ["Send the offer"]
    assert found("f=subject:has:course") == ["Prepare the course"]
    assert found("f=repeats:is:yes") == []
    assert found("f=state:is:open&sort=-due")[0] == "Send the offer"
    department = filled.departments["service"].id
    assert found(f"f=department:is:{department}") == ["Visit the harbour"]
    otto = browser.sign_in(filled.people["other_collector"])
    assert subjects(otto.get("/plans/all?view=mine")) == ["Send the offer"]
    assert "Harbour" not in otto.get("/plans/all?view=all").text
    moved = manager.post("/plans/all/find", {"q": "Harbour", "state": "view=all"})
    assert subjects(manager.get(moved.headers["location"])) == ["Visit the harbour"]
    slip = manager.post("/plans/all/find", {"q": "Harbuor Trading", "state": "view=all"})
    assert subjects(manager.get(slip.headers["location"])) == ["Visit the harbour"]


def test_the_list_of_plans_is_found_counted_and_cheap(filled, browser: Browser, count_queries):
    carol = browser.sign_in(filled.people["collector"])
    assert 'href="/plans/all"' in carol.get("/plans").text
    carol.get("/plans/all")
    with count_queries(at_most=12):
        page = carol.get("/plans/all")
    assert "Call about dates" in page.text
    assert 'href="/plans/all/counts' in page.text
    counts = carol.get("/plans/all/counts?view=all&by=state").text
    assert "done" in counts
    assert "Harbour" not in page.text
    assert "/exports" not in page.text
    manager = browser.sign_in(filled.people["manager"])
    assert "/papers" in manager.get("/plans/all").text


def test_no_right_to_plans_no_list(filled, browser: Browser):
    admin = browser.sign_in(filled.factory.user("system_admin", name="Ada"))
    assert admin.get("/plans/all").status_code == 403


def test_a_plan_leads_to_its_neighbours_in_the_list(filled, browser: Browser, count_queries) -> None:
    boss = browser.sign_in(filled.people["manager"])
    order = re.findall(r'<td class="c-name"><a href="(/plans/[^"]+)"', boss.get("/plans/all?sort=due&view=all").text)
    assert len(order) > 3
    for at, url in enumerate(order):
        key = url.removeprefix("/plans/")
        for htmx in (False, True):
            assert f'data-nearby="/plans/all/nearby/{key}"' in boss.get(url, htmx=htmx).text
        with count_queries(at_most=12):
            piece = boss.get(f"/plans/all/nearby/{key}?sort=due&view=all", htmx=True).text
        found = dict(re.findall(r'rel="(prev|next)"[^>]*href="([^"]+)"', piece))
        beside = {"prev": order[at - 1] if at else None, "next": order[at + 1] if at + 1 < len(order) else None}
        assert found == {side: place for side, place in beside.items() if place}
