"""Opportunities by owner and stage: counted, summed, each number leading to its rows."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from decimal import Decimal
from html import unescape

from python_calamine import CalamineWorkbook
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


def test_the_list_as_a_file_needs_its_right_and_is_written_down(house, browser: Browser) -> None:
    house.opportunity(title="=Trick", expected_value=Decimal("1250.50"))
    house.opportunity(title="Coaching", expected_value=None)
    url = "/opportunities/export?f=value:filled"
    assert browser.sign_in(house.collector).get(url).status_code == 403
    manager = browser.sign_in(house.manager)
    assert "/opportunities/export" in manager.get("/opportunities").text
    file = manager.get(url)
    lines = list(csv.reader(io.StringIO(file.text.removeprefix("\ufeff"))))
    assert lines[0][:5] == ["Opportunity", "Stage", "Customer", "Project type", "Expected value"]
    assert [line[0] for line in lines[1:]] == ["'=Trick"]
    assert lines[1][1:3] == ["Open", house.customer.name]
    assert lines[1][4] == "1250.5"
    with house.runtime.database.system_session("look", write=False) as session:
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "opportunities.export")).one()
    assert noted.after == {"conditions": ["value:filled"], "rows": 1}
    assert len(noted.ids) == 1


def test_the_list_for_excel_has_numbers_and_no_formulas(house, browser: Browser) -> None:
    house.opportunity(title="=Trick", expected_value=Decimal("1250.50"))
    house.opportunity(title="Coaching", expected_value=None)
    url = "/opportunities/export/xlsx?f=value:filled"
    assert browser.sign_in(house.collector).get(url).status_code == 403
    manager = browser.sign_in(house.manager)
    assert url.partition("?")[0] in manager.get("/opportunities").text
    file = manager.get(url)
    assert file.headers["content-disposition"].endswith('.xlsx"')
    rows = CalamineWorkbook.from_filelike(io.BytesIO(file.content)).get_sheet_by_index(0).to_python()
    assert rows[0][:5] == ["Opportunity", "Stage", "Customer", "Project type", "Expected value"]
    assert [row[:5] for row in rows[1:]] == [["=Trick", "Open", house.customer.name, rows[1][3], 1250.5]]
    with zipfile.ZipFile(io.BytesIO(file.content)) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")
    with house.runtime.database.system_session("look", write=False) as session:
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "opportunities.export")).one()
    assert (noted.after, len(noted.ids)) == ({"conditions": ["value:filled"], "rows": 1}, 1)
