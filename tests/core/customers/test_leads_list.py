"""The list of leads does what that of customers does: changed many at once, narrowed by a group, printed."""

from __future__ import annotations

import re

from platform_core.customers.models import Customer
from platform_core.kernel.clock import now
from tests.core.customers.transfer.conftest import house, in_english

__all__ = ["house", "in_english"]


def test_leads_are_changed_grouped_and_printed(browser, factory, house):
    leads = [factory.customer(house.anna, name=f"Lead {number}", lead_since=now()) for number in range(3)]
    factory.customer(house.anna, name="No lead any more", grade="A")
    boss = browser.sign_in(house.boss)
    assert 'formaction="/customers/changes?of=leads"' in boss.get("/leads?view=all").text
    url = boss.post("/customers/changes?of=leads", {"state": "view=all", "whole": "1"}).headers["location"]
    boss.post(f"{url}/choose", {"grade": "A"})
    preview = boss.get(url).text
    assert "Change 3 customers" in preview
    boss.post(f"{url}/confirm", {"version": re.search(r'name="version" value="(\d+)"', preview)[1]})
    assert {factory.read(Customer, lead.id).grade for lead in leads} == {"A"}
    put = boss.post("/customers/groups/members", {"ids": [str(leads[0].id)], "name": "Fair"}).headers["location"]
    group = put.rpartition("=")[2]
    shown = boss.get(f"/leads?view=all&f={group}").text
    assert "Lead 0" in shown
    assert "Lead 1" not in shown
    manager = browser.sign_in(factory.user("management", name="Max"))
    assert "of=list:leads" in manager.get("/leads?view=all").text
    asked = {"source": "list:leads", "query": "f=grade:is:A", "reason": "For the meeting"}
    paper = manager.post("/papers/new", asked).headers["location"]
    text = manager.get(paper).text
    assert "Lead 0" in text
    assert "No lead any more" not in text


def test_a_lead_stands_in_two_lists(browser, factory, house):
    lead, customer = factory.customer(house.anna, lead_since=now()), factory.customer(house.anna)
    anna = browser.sign_in(house.anna)
    places = re.findall(r'data-nearby="([^"]+)"', anna.get(f"/customers/{lead.id}").text)
    assert places == [f"/customers/nearby/{lead.id}", f"/leads/nearby/{lead.id}"]
    assert re.findall(r'data-list="([^"]+)"', anna.get(f"/customers/{customer.id}").text) == ["/customers"]
    assert anna.get(f"/leads/nearby/{lead.id}", htmx=True).status_code == 200
