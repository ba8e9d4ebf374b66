"""Which customers somebody has seen, and that an auditor sees nothing more of them."""

from __future__ import annotations

import re

import pytest

from platform_core.audit import queries, seen
from platform_core.audit.seen import SeenQuery
from platform_core.kernel.clock import today
from platform_core.kernel.ids import new_id
from platform_core.testing.browser import HTMX
from tests.core.audit.test_page import look, write


@pytest.fixture
def auditor(browser, factory):
    return browser.sign_in(factory.user("audit_admin", name="The auditor"))


@pytest.fixture
def story(runtime, factory):
    """Ann opened Acme twice, revealed its number once and saw it in two lists; Zenith was in one; both are Bob's."""
    ann, bob = factory.user(name="Ann"), factory.user(name="Bob")
    acme = factory.customer(bob, name="Acme Tools", name_key="acme tools")
    zenith = factory.customer(bob, name="Zenith", name_key="zenith")
    actor = factory.actor(ann)
    write(
        runtime,
        (actor, "customers.view", {"customer_id": acme.id}),
        (actor, "customers.reveal", {"customer_id": acme.id}),
        (actor, "customers.view", {"customer_id": zenith.id, "result": "denied"}),
        (actor, "customers.list", {"ids": [acme.id, zenith.id]}),
        (actor, "opportunities.list", {"ids": [new_id()]}),
        (actor, "customers.search", {"ids": [acme.id]}),
        (factory.actor(bob), "customers.view", {"customer_id": zenith.id}),
    )
    return ann, acme, zenith


def test_each_customer_once_with_numbers_that_lead_to_their_lines(story, auditor):
    ann, acme, zenith = story
    page = auditor.get("/audit/seen", params={"actor": str(ann.id)}).text
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    first, second = body.split("</tr>")[:2]
    assert f"Acme Tools ({acme.code})" in first
    assert f"Zenith ({zenith.code})" in second
    assert re.findall(r">(\d+)</(?:a|span)>", first) == ["2", "1", "2"]
    assert re.findall(r">(\d+)</(?:a|span)>", second) == ["0", "0", "1"]
    for link, number in re.findall(r'href="(/audit\?[^"]+)">(\d+)<', body):
        lines = auditor.get(link.replace("&amp;", "&"), headers=HTMX).text
        assert lines.count("<tr>") - 1 == int(number), link
    assert "2 customers:" in page
    assert "1 opened, numbers revealed of 1, 2 shown in lists." in page


def test_asking_is_written_down_with_who_was_shown(runtime, story, auditor, count_queries):
    ann, acme, zenith = story
    with count_queries(at_most=12):
        auditor.get("/audit/seen", params={"actor": str(ann.id), "since": "2026-01-01"})
    (line,) = [entry for entry in look(runtime, queries.select(queries.AuditEntry)) if entry.action == "audit.seen"]
    assert line.entity_id == ann.id
    assert line.entity_label == "Ann"
    assert set(line.ids) == {acme.id.hex, zenith.id.hex}


def test_pages_and_totals_agree(runtime, factory):
    ann = factory.actor(factory.user(name="Ann"))
    ids = [factory.customer().id for _ in range(7)]
    write(runtime, *[(ann, "customers.list", {"ids": ids[:number]}) for number in range(1, 8)])
    query = SeenQuery(ann.user_id, today(), today())
    found, cursor = [], "x"
    with runtime.database.system_session("test", write=False) as session:
        while cursor:
            page, cursor = seen.customers(session, SeenQuery(ann.user_id, today(), today(), cursor.strip("x")), limit=3)
            found += page
        assert seen.totals(session, query) == seen.Totals(7, 0, 0, 7)
    assert {item.customer_id: item.listed for item in found} == {key: 7 - at for at, key in enumerate(ids)}
    assert len(found) == 7


def test_the_list_is_exported_by_right(runtime, browser, factory, story, auditor):
    ann = story[0]
    answer = auditor.get("/audit/seen/export", params={"actor": str(ann.id)})
    assert answer.headers["content-type"].startswith("text/csv")
    assert "Acme Tools" in answer.text
    manager = browser.sign_in(factory.user("management"))
    assert manager.get("/audit/seen", params={"actor": str(ann.id)}).status_code == 200
    assert manager.get("/audit/seen/export", params={"actor": str(ann.id)}).status_code == 403
    assert auditor.get("/audit/seen/export").status_code == 404


def test_an_auditor_sees_no_customer(story, auditor):
    """Names and codes only: no page of a customer, no list, no search, no export of customers."""
    _ann, acme, _zenith = story
    for path in (f"/customers/{acme.id}", "/customers", "/customers/export", f"/customers/{acme.id}/print"):
        assert auditor.get(path).status_code in {403, 404}, path


def test_without_a_person_it_asks_for_one(story, auditor):
    page = auditor.get("/audit/seen", params={"actor": "nonsense"}).text
    assert "Choose a person" in page
    assert ">Ann<" in page
    assert ">Bob<" in page
