"""Printing asks for a reason, is counted, and marked; everything else prints a notice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from platform_core.audit.models import AuditEntry
from platform_core.caps.models import UserCap
from platform_core.exports.models import Paper, Printed
from platform_core.kernel.clock import now
from tests.core.exports.test_files import grant, rows


@pytest.fixture
def printer(runtime, factory):
    grant(runtime, "coordinator", customers_export=5)
    return factory.user(name="Petra", employee_no="E8")


def send(browser, query="", reason="For the visit"):
    return browser.post("/papers/new", {"source": "list:customers", "query": query, "reason": reason})


def test_a_reason_a_page_that_prints_and_a_line(runtime, factory, browser, printer, count_queries):
    customer = factory.customer(printer, name="Acme", city="Xian", phone_mask="138****0000")
    here = browser.sign_in(printer)
    assert 'href="/papers/new?of=list:customers' in here.get("/customers").text
    assert send(here, reason="").status_code == 422
    url = send(here, "f=city:is:Xian").headers["location"]
    with count_queries(at_most=12):
        page = here.get(url)
    assert " printable" in page.text
    assert "For Petra E8 alone" in page.text
    assert "City is Xian" in page.text
    assert "138****0000" in page.text
    line = rows(runtime, select(AuditEntry).where(AuditEntry.action == "exports.print"))[0]
    assert (line.ids, line.reason) == ([customer.id.hex], "For the visit")
    assert " printable" not in here.get("/customers").text
    stranger = browser.sign_in(factory.user("management"))
    assert stranger.get(url).status_code == 404
    with runtime.database.system_session("later") as session:
        session.execute(update(Paper).values(at=now() - timedelta(minutes=16)))
    assert here.get(url).status_code == 404


def test_beyond_the_cap_nothing_is_printed_and_nothing_frozen(runtime, factory, browser, printer):
    factory.add(UserCap(user_id=printer.id, counter="print", cap=2))
    for number in range(3):
        factory.customer(printer, city="Xian" if number < 2 else "Wuhan")
    here = browser.sign_in(printer)
    assert send(here).status_code == 403
    assert not rows(runtime, select(Printed.customer_id))  # nothing was printed, nothing counts
    for _again in range(2):
        assert send(here, "f=city:is:Xian").status_code == 303
    refused = send(here, "f=city:is:Wuhan")
    assert refused.status_code == 403
    assert "3 customers on paper today; 2 are allowed" in refused.text
    assert here.get("/customers").status_code == 200


def test_prints_at_once_never_exceed_the_cap(runtime, factory, browser, printer):
    factory.add(UserCap(user_id=printer.id, counter="print", cap=3))
    for number in range(8):
        factory.customer(printer, city=f"Town{number}")
    readers = [browser.sign_in(printer) for _number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda pair: send(pair[1], f"f=city:is:Town{pair[0]}").status_code, enumerate(readers)))
    assert sorted(answers) == [303] * 3 + [403] * 5
    assert rows(runtime, select(func.count()).select_from(Printed)) == [3]


def test_printing_needs_the_right(factory, browser):
    reader = browser.sign_in(factory.user("finance"))
    assert reader.get("/papers/new?of=list:customers").status_code == 404
    assert send(reader).status_code == 404
