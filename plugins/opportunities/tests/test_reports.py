"""Opportunities by owner and stage: counted, summed, each number leading to its rows."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape

from sqlalchemy import select

from platform_core.audit.models import AuditEntry
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


def test_the_list_on_paper_needs_its_right_and_says_words_not_codes(house, browser: Browser) -> None:
    house.opportunity(title="=Trick", expected_value=Decimal("1250.50"))
    house.opportunity(title="Coaching", expected_value=None)
    asked = {"source": "list:opportunities", "query": "f=value:filled", "reason": "For the meeting"}
    assert browser.sign_in(house.collector).post("/papers/new", asked).status_code == 404
    manager = browser.sign_in(house.manager)
    assert "of=list:opportunities" in manager.get("/opportunities").text
    paper = manager.post("/papers/new", asked)
    text = manager.get(paper.headers["location"]).text
    for cell in ("=Trick", "Open", house.customer.name, "1250.5"):
        assert f"<td>{cell}</td>" in text, cell
    assert "Coaching" not in text
    with house.runtime.database.system_session("look", write=False) as session:
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "exports.print")).one()
    assert (noted.ids, noted.after["rows"]) == ([house.customer.id.hex], 1)
