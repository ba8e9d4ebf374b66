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


def test_a_group_of_customers_narrows_the_numbers_and_the_rows_behind_them(house, browser: Browser) -> None:
    inside = house.opportunity()
    house.customer = house.factory.customer(house.collector, name="Harbour Trading")
    outside = house.opportunity(title="Coaching")
    manager = browser.sign_in(house.manager)
    ids = [str(inside.customer_id)]
    put = manager.post("/customers/groups/members", {"ids": ids, "name": "Fair in May"}).headers["location"]
    group = put.rpartition(":")[2]
    report = manager.get(f"/reports/opportunities.by_stage?group={group}").text
    link = unescape(re.search(r'href="(/opportunities\?f=stage[^"]*)">1</a>', report)[1])
    assert f"group:is:{group}" in link
    rows = manager.get(link).text
    assert inside.title in rows
    assert outside.title not in rows


def test_an_opportunity_leads_to_its_neighbours_in_the_list(house, browser: Browser, count_queries) -> None:
    found = [house.opportunity(title=f"Course {number}") for number in range(3)]
    manager = browser.sign_in(house.manager)
    assert f'data-nearby="/opportunities/nearby/{found[1].id}"' in manager.get(f"/opportunities/{found[1].id}").text
    with count_queries(at_most=12):
        piece = manager.get(f"/opportunities/nearby/{found[1].id}", htmx=True).text
    order = [f"/opportunities/{row.id}" for row in reversed(found)]
    assert re.findall(r'rel="(prev|next)"[^>]*href="([^"]+)"', piece) == [("prev", order[0]), ("next", order[2])]
