"""Follow-ups per person and day: counted within one's scope, each number leading to its lines."""

from __future__ import annotations

import re
from html import unescape

from platform_core.testing.browser import Browser


def test_numbers_lead_to_their_lines(house, browser: Browser, count_queries) -> None:
    house.log("collector", "First call")
    house.log("collector", "Second call")
    page = browser.sign_in(house.people["manager"])
    with count_queries(at_most=12):
        report = page.get("/reports/activities.per_day")
    assert report.status_code == 200
    link = unescape(re.search(r'href="(/reports/activities.follow_ups[^"]*)">2</a>', report.text)[1])
    with count_queries(at_most=12):
        lines = page.get(link)
    assert lines.text.count(f'href="/customers/{house.customer.id}"') == 2
    assert "First call" not in lines.text, "what was said stays on the customer's page"
    one_day = page.get(link.replace("follow_ups?", "per_day?"))
    assert ">2</a>" in one_day.text


def test_nobody_counts_what_they_may_not_see(house, browser: Browser) -> None:
    house.log("collector")
    page = browser.sign_in(house.people["agent"]).get("/reports/activities.per_day")
    assert page.status_code == 200
    assert "Nothing to count here." in page.text


def test_the_tile_counts_ones_own_of_today(house, browser: Browser) -> None:
    house.log("collector")
    text = browser.sign_in(house.people["collector"]).get("/reports").text
    assert re.search(r"My follow-ups today</h2>\s*<div class=\"v\"><a [^>]*>1</a>", text)
