"""What the customer list answers besides its pages: counts by class, and a record's neighbours."""

from __future__ import annotations

import re
from html import unescape

import pytest

from platform_core.web.lists import reading


@pytest.fixture
def people(factory):
    department = factory.department("Sales")
    return factory.user(department=department, name="Mei"), factory.user("coordinator", department, name="Wang")


def rows(page):
    found = re.findall(r'<tr><th scope="row"><a href="([^"]+)">([^<]*)</a></th><td class="num">([^<]*)</td>', page.text)
    return [(unescape(url), label, int(number)) for url, label, number in found]


def test_rows_are_counted_by_class_and_lead_to_their_list(browser, factory, people, monkeypatch, count_queries):
    mei, wang = people
    for grade, status, number in (("A", "new", 3), ("B", "new", 2), ("", "new", 1), ("A", "signed", 1)):
        for _each in range(number):
            factory.customer(mei, grade=grade, status=status)
    factory.customer(wang, grade="A")
    mine = browser.sign_in(mei)
    mine.get("/search")
    with count_queries(at_most=12):
        page = mine.get("/customers/counts?f=status:is:new&by=grade", htmx=True)
    assert [number for _url, _label, number in rows(page)] == [3, 2, 1]
    assert rows(page)[2][1] == "not filled in"
    first = rows(page)[0][0]
    assert first == "/customers?f=status:is:new&f=grade:is:A"
    assert "1–3 of 3" in mine.get(first).text
    assert rows(page)[2][0] == "/customers?f=status:is:new&f=grade:empty"
    boss = browser.sign_in(factory.user("management"))
    assert sum(number for _url, _label, number in rows(boss.get("/customers/counts?by=grade"))) == 8
    assert boss.get("/customers/counts?by=city").status_code == 404
    monkeypatch.setattr(reading.Reader.tally, "__defaults__", (2,))
    assert "only 100,000 of its rows are counted" in boss.get("/customers/counts?by=grade").text


@pytest.mark.parametrize("sort", ["name", "-updated", "next_plan"])
def test_neighbours_are_those_of_the_list(browser, factory, people, sort, count_queries):
    mei, _wang = people
    made = [factory.customer(mei, name=f"Row {number}", name_key=f"row {number}", status="new") for number in range(5)]
    factory.customer(mei, name="Other", name_key="row 2a", status="lost")
    mine = browser.sign_in(mei)
    shown = mine.get(f"/customers?f=status:is:new&sort={sort}")
    assert 'data-list="/customers"' in shown.text
    order = re.findall(r'<td class="c-name"><a href="/customers/([^"]+)">', shown.text)
    assert len(order) == len(made)
    state = unescape(re.search(r'data-state="([^"]*)"', shown.text)[1])
    for at, key in enumerate(order):
        with count_queries(at_most=12):
            piece = mine.get(f"/customers/nearby/{key}?{state}&at=contacts", htmx=True)
        before = re.search(r'rel="prev" data-key="k" href="/customers/([^?]+)\?tab=contacts"', piece.text)
        after = re.search(r'rel="next" data-key="j" href="/customers/([^?]+)\?tab=contacts"', piece.text)
        assert (before[1] if before else None) == (order[at - 1] if at else None)
        assert (after[1] if after else None) == (order[at + 1] if at + 1 < len(order) else None)
    page = mine.get(f"/customers/{order[0]}")
    assert f'data-nearby="/customers/nearby/{order[0]}"' in page.text
    foreign = factory.customer(factory.user("coordinator", factory.department("Elsewhere")))
    assert mine.get(f"/customers/nearby/{foreign.id}", htmx=True).status_code == 404
