"""The tally of what was collected: per person and day, over any period, down to the records."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from platform_core.customers.groups.models import Group, Member
from platform_core.customers.models import Contact
from platform_core.kernel.clock import at_local, now, today
from platform_core.kernel.ids import new_id
from tests.core.customers.transfer.conftest import house, in_english

__all__ = ["house", "in_english"]


@pytest.fixture
def collected(factory, house):
    """Two by Anna on one day, of which one by import, one the day before, one by Tom."""
    day = today() - timedelta(days=40)
    made = [(house.anna, 0, None), (house.anna, 0, new_id()), (house.anna, 1, None), (house.tom, 0, None)]
    found = []
    for number, (owner, back, batch) in enumerate(made):
        at = at_local(day - timedelta(days=back), 23 if number % 2 else 0, 30)
        row = factory.customer(
            owner, name=f"Row {number}", created_by=owner.id, created_at=at, batch_id=batch, source="referral"
        )
        found.append(row)
    return day, found


def asked(day, **more):
    words = "&".join(f"{key}={value}" for key, value in more.items())
    return f"/reports/customers.collected?first={day - timedelta(days=5)}&last={day}&{words}"


def numbers(page):
    """Of each line: all, one by one, by import, with a phone number."""
    body = page.text.split("<tbody", 1)[1].split("</tbody>", 1)[0]
    lines = [re.findall(r"<td[^>]*>(.*?)</td>", line, re.DOTALL) for line in body.split("</tr>")]
    return [[int(re.sub("<[^>]+>", "", cell)) for cell in line[2:]] for line in lines if line]


def test_each_day_of_each_collector_leads_to_the_records(browser, house, collected, count_queries):
    day, _rows = collected
    boss = browser.sign_in(house.boss)
    boss.get("/reports")
    with count_queries(at_most=12):
        page = boss.get(asked(day))
    assert sorted(numbers(page)) == [[1, 1, 0, 0], [1, 1, 0, 0], [2, 1, 1, 0]]
    links = re.findall(r'href="(/reports/customers\.collected_ones[^"]+)"[^>]*>\s*2', page.text)
    lines = boss.get(links[0].replace("&amp;", "&")).text
    assert "Row 0" in lines
    assert "Row 1" in lines
    assert "Row 2" not in lines
    assert "by import" in lines
    assert numbers(boss.get(asked(day, person=house.tom.id))) == [[1, 1, 0, 0]]
    assert numbers(boss.get(asked(day, way="import"))) == [[1, 0, 1, 0]]


def test_they_count_for_the_day_that_was_written_as_collected(browser, factory, house, collected, count_queries):
    day, _rows = collected
    for name, written in (("Old card", day - timedelta(days=1)), ("Older card", day - timedelta(days=300))):
        factory.customer(house.anna, name=name, created_by=house.anna.id, created_at=now(), collected_on=written)
    boss = browser.sign_in(house.boss)
    assert "the day of entry</option>" in boss.get(asked(day)).text
    with count_queries(at_most=12):
        page = boss.get(asked(day, by="collected"))
    assert numbers(page) == [[1, 1, 0, 0]]
    assert f"{day - timedelta(days=1):%Y-%m-%d}" in page.text
    (link, *_others) = re.findall(r'href="(/reports/customers\.collected_ones[^"]+)"[^>]*>\s*1', page.text)
    lines = boss.get(link.replace("&amp;", "&")).text
    assert ("Old card" in lines, "Older card" in lines, "Row 0" in lines) == (True, False, False)
    assert 'value="collected" selected' in lines, "from the number one comes to what it counts"


def test_nobody_counts_what_they_do_not_see(browser, house, collected):
    day, _rows = collected
    page = browser.sign_in(house.tom).get(asked(day))
    assert numbers(page) == [[1, 1, 0, 0]]
    assert "Anna" not in page.text.split("<table", 1)[1]


def test_a_group_narrows_reports_and_lists(browser, factory, house, collected):
    day, rows = collected
    group = Group(name="Fair in May", owner_id=house.boss.id, reach="private", tone="jade")
    factory.add(group)
    factory.add(Member(group_id=group.id, customer_id=rows[0].id))
    for row, name in ((rows[0], "Contact of the fair"), (rows[2], "An outsider")):
        factory.add(Contact(customer_id=row.id, name=name, name_key=name))
    boss = browser.sign_in(house.boss)
    assert numbers(boss.get(asked(day, group=group.id))) == [[1, 1, 0, 0]]
    contacts = boss.get(f"/contacts?f=group:is:{group.id}").text
    assert "Contact of the fair" in contacts
    assert "An outsider" not in contacts
    # A private group of somebody else has nobody in it.
    others = browser.sign_in(house.anna).get(f"/contacts?f=group:is:{group.id}").text
    assert "Contact of the fair" not in others
