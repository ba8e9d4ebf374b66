"""Printing asks for a reason, is counted, and marked; everything else prints a notice."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from platform_core.audit.models import AuditEntry
from platform_core.caps.models import UserCap
from platform_core.customers.models import Contact
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


def printed(browser, source):
    address = browser.post("/papers/new", {"source": source, "query": "", "reason": "For the meeting"})
    assert address.status_code == 303, address.text
    return browser.get(address.headers["location"]).text


def test_the_pool_is_printed_as_far_as_one_sees_it(runtime, factory, browser):
    grant(runtime, "department_head", customers_export=5)
    north, south = factory.department("North"), factory.department("South")
    boss, head = factory.user("management"), factory.user("department_head", north)
    for place in (north, south):
        factory.customer(name=f"Pooled in {place.name}", department_id=place.id, phone_mask="138****0000")
    factory.customer(name="Restricted", department_id=north.id, restricted_at=now())
    factory.customer(boss, name="Owned")
    everything, part = printed(browser.sign_in(boss), "list:pool"), printed(browser.sign_in(head), "list:pool")
    found = [[name in text for name in ("in North", "in South", "Restricted", "Owned")] for text in (everything, part)]
    assert found == [[True, True, False, False], [True, False, False, False]]
    assert "138****0000" in everything
    lines = rows(runtime, select(AuditEntry).where(AuditEntry.action == "exports.print"))
    assert sorted(len(line.ids) for line in lines) == [1, 2]
    assert rows(runtime, select(func.count()).select_from(Printed)) == [3]


def test_the_bins_are_printed_without_what_is_restricted(runtime, factory, browser):
    boss = factory.user("management", name="Max")
    page, kept = browser.sign_in(boss), factory.customer(boss, name="Kept Ltd")
    factory.customer(boss, name="Thrown away", deleted_at=now())
    factory.customer(boss, name="Held back", deleted_at=now(), restricted_at=now())
    for name in ("Ann", "Bob"):
        where = f"/customers/{kept.id}/contacts/new" if name == "Ann" else "/contacts/new"
        assert page.post(where, {"name": name}).status_code == 303
    for contact in rows(runtime, select(Contact.id)):
        assert page.post(f"/contacts/{contact}/delete").status_code == 303
    with runtime.database.system_session("restrict") as session:
        session.execute(update(Contact).where(Contact.name == "Bob").values(restricted_at=now()))
    for path in ("/bin", "/contacts/bin"):
        assert 'href="/papers/new?of=list:' in page.get(path).text
    customers, contacts = printed(page, "list:bin"), printed(page, "list:contact_bin")
    assert ("Thrown away" in customers, "Held back" in customers, "Kept Ltd" in customers) == (True, False, False)
    assert ("Ann" in contacts, "Bob" in contacts, "Kept Ltd" in contacts) == (True, False, True)
    for text in (customers, contacts):
        cells = re.findall(r"<td[^>]*>(.*?)</td>", text, re.DOTALL)
        assert cells
        assert not [cell for cell in cells if re.fullmatch(r"\s*[0-9a-f]{8}-[0-9a-f-]{27}\s*", cell)]
    assert browser.sign_in(factory.user("coordinator")).post(
        "/papers/new", {"source": "list:bin", "query": "", "reason": "For the meeting"}
    ).status_code in {403, 404}
