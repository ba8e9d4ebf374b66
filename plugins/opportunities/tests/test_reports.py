"""Opportunities by owner and stage: counted, summed, each number leading to its rows."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape

from platform_core.testing.browser import Browser


def test_numbers_lead_to_their_rows(house, browser: Browser, count_queries) -> None:
    first, second = (
        house.opportunity(expected_value=Decimal(1000)),
        house.opportunity(title="Coaching", expected_value=Decimal(250)),
    )
    page = browser.sign_in(house.manager)
    with count_queries(at_most=12):
        report = page.get("/reports/opportunities.by_stage")
    assert report.status_code == 200
    assert "¥1,250.00" in report.text
    link = unescape(re.search(r'href="(/opportunities\?f=stage[^"]*)">2</a>', report.text)[1])
    rows = page.get(link)
    assert first.title in rows.text
    assert second.title in rows.text
    kind = re.search(r'<option value="([^"]+)">', report.text)[1]
    assert f"type:is:{kind}" in unescape(page.get(f"/reports/opportunities.by_stage?type={kind}").text)


def test_the_tile_counts_ones_own(house, browser: Browser) -> None:
    house.opportunity()
    text = browser.sign_in(house.collector).get("/reports").text
    assert "My open opportunities" in text
    assert 'href="/opportunities?f=stage:is:open&amp;f=owner:is:me">1</a>' in text
