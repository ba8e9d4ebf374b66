"""The calendar: which days a view shows, what stands on them, and whose may be opened."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape

from baton_plugins.activities.diary import spans
from baton_plugins.activities.models import Plan
from hypothesis import given
from hypothesis import strategies as st

from platform_core.api import at_local
from platform_core.testing.browser import Browser

DAY = date(2027, 3, 10)
"""A Wednesday."""


def add(house, name, day=DAY, hour=10, **fields):
    user = house.people[name]
    given = {
        "customer_id": house.customer.id, "assignee_id": user.id, "department_id": user.department_id,
        "subject": "Call about dates", "due_at": at_local(day, hour), **fields,
    }  # fmt: skip
    plan = Plan(**given)
    house.factory.add(plan)
    return plan


def days_of(html):
    """Each day -> the subjects that stand there."""
    return {
        unescape(re.search(r'id="day-([^"]+)', part)[1]): [unescape(text) for text in re.findall(r"<b>(.*?)</b>", part)]
        for part in re.findall(r'<section id="day-.*?</section>', html, re.DOTALL)
    }


@given(st.dates(spans.FIRST, spans.LAST), st.sampled_from([spans.DAY, spans.WEEK, spans.MONTH]))
def test_a_span_holds_its_day_in_whole_weeks_and_its_arrows_come_back(day, view):
    span = spans.span(view, day)
    assert span.days[0] <= day <= span.days[-1]
    if view == spans.DAY:
        assert span.days == [day]
    else:
        assert (span.first.weekday(), span.last.weekday()) == (0, 6)
        assert len(span.days) == 7 or view == spans.MONTH
    there = spans.span(view, span.after)
    assert there.on > day
    assert spans.span(view, there.before).on == (day.replace(day=1) if view == spans.MONTH else day)


def test_a_month_is_shown_from_its_first_day_to_its_last():
    span = spans.span(spans.MONTH, date(2028, 2, 29))
    assert (span.first, span.last) == (date(2028, 1, 31), date(2028, 3, 5))
    assert spans.span(spans.MONTH, date(2027, 2, 1)).days == [date(2027, 2, 1) + timedelta(days=n) for n in range(28)]


def test_each_view_shows_plans_on_their_days_within_the_budget(house, browser: Browser, count_queries):
    add(house, "collector", subject="At ten")
    add(house, "collector", DAY + timedelta(days=1), 18, subject="Any time", all_day=True)
    add(house, "collector", DAY - timedelta(days=1), subject="Long done", state="done")
    add(house, "collector", subject="Never", state="cancelled")
    add(house, "collector", DAY + timedelta(days=14), subject="Another week")
    add(house, "other_collector", subject="Otto's own")
    carol = browser.sign_in(house.people["collector"])
    carol.get(f"/calendar?on={DAY}")
    with count_queries(at_most=12):
        week = carol.get(f"/calendar?on={DAY}").text
    assert [subjects for subjects in days_of(week).values() if subjects] == [["Long done"], ["At ten"], ["Any time"]]
    assert len(days_of(week)) == 7
    assert ">10:00</time>" in week
    assert ">18:00</time>" not in week
    assert "1 entry" in week
    with count_queries(at_most=12):
        month = carol.get(f"/calendar?view=month&on={DAY}").text
    assert len(days_of(month)) == 35
    assert days_of(month)["2027-03-24"] == ["Another week"]
    with count_queries(at_most=12):
        day = carol.get(f"/calendar?view=day&on={DAY}").text
    assert list(days_of(day).values()) == [["At ten"]]
    assert f"/calendar?view=day&amp;on={DAY + timedelta(days=1)}" in day
    assert "Nothing on this day." in carol.get("/calendar?view=day&on=2027-08-01").text


def test_a_full_day_is_cut_and_its_list_goes_on_by_keyset(house, browser: Browser, count_queries):
    for number in range(65):
        add(house, "collector", subject=f"Number {number:02}", due_at=at_local(DAY, 8) + timedelta(minutes=number // 2))
    carol = browser.sign_in(house.people["collector"])
    for view, shown in (("day", 60), ("week", 12), ("month", 4)):
        html = carol.get(f"/calendar?view={view}&on={DAY}").text
        assert len(days_of(html)["2027-03-10"]) == shown
        assert f"and {65 - shown} more" in html
    url = unescape(re.search(r'href="(/calendar/list[^"]*)"', html)[1])
    first = carol.get(url).text
    following = unescape(re.search(r'rel="next" href="([^"]+)"', first)[1])
    with count_queries(at_most=12):
        second = carol.get(following).text
    found = re.findall(r"<b>(Number \d\d)</b>", first + second)
    assert sorted(found) == [f"Number {number:02}" for number in range(65)]


def test_whose_calendar_may_be_opened(house, browser: Browser):
    add(house, "collector", subject="Of Carol")
    add(house, "trainer", subject="Of Tom")
    carol, tom = (house.people[name].id for name in ("collector", "trainer"))
    collect, train = (house.departments[name].id for name in ("collect", "train"))
    hanna = browser.sign_in(house.people["collect_head"])
    assert days_of(hanna.get(f"/calendar?on={DAY}&person={carol}").text)["2027-03-10"] == ["Of Carol"]
    everybody = hanna.get(f"/calendar?on={DAY}&department={collect}").text
    assert days_of(everybody)["2027-03-10"] == ["Of Carol"]
    assert "Qiheng Consulting · Carol" in everybody
    assert 'name="department"' in everybody
    for query in (f"person={tom}", f"department={train}", f"department={train}&person={carol}"):
        refused = hanna.get(f"/calendar?on={DAY}&{query}")
        assert refused.status_code == 403
        assert "none of them" in refused.text
    assert hanna.get(f"/calendar?department={collect}&person={tom}").status_code == 403
    manager = browser.sign_in(house.people["manager"])
    assert "Of Tom" in manager.get(f"/calendar?on={DAY}&person={tom}").text
    own = browser.sign_in(house.people["other_collector"])
    assert own.get(f"/calendar?on={DAY}&person={carol}").status_code == 403
    assert 'name="department"' not in own.get("/calendar").text


def test_a_day_that_is_none_stands_at_its_field(house, browser: Browser):
    carol = browser.sign_in(house.people["collector"])
    for asked, told in (("x", ""), ("9999-12-31", "The calendar has no such day."), ("0001-01-01", "no such day")):
        refused = carol.get(f"/calendar?on={asked}")
        assert refused.status_code == 422
        assert 'aria-invalid="true"' in refused.text
        assert told in refused.text
    assert carol.get("/calendar?view=year").status_code == 200
