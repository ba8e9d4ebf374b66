"""Changing many opportunities of the list: given up, another owner, another day, and the way back."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

from baton_plugins.opportunities.models import Opportunity

from platform_core.api import today

_LIST = "/customers/changes?of=opportunities"


def prepared(shown, opportunities, wanted):
    url = shown.post(_LIST, {"ids": [str(row.id) for row in opportunities]}).headers["location"]
    return url, shown.post(f"{url}/choose", wanted)


def confirm(shown, url):
    version = re.search(r'name="version" value="(\d+)"', shown.get(url).text)[1]
    assert shown.post(f"{url}/confirm", {"version": version}).status_code == 303


def test_many_are_given_up_with_a_reason_and_come_back(house, browser):
    found = [house.opportunity(title=f"Course {number}") for number in range(2)]
    shown = browser.sign_in(house.manager)
    assert 'formaction="/customers/changes?of=opportunities"' in shown.get("/opportunities").text
    url, refused = prepared(shown, found, {"stage": "lost"})
    assert refused.status_code == 422
    assert "Please fill this in." in refused.text
    shown.post(f"{url}/choose", {"stage": "lost", "lost_reason": "The fair was cancelled"})
    assert "Change 2 opportunities" in shown.get(url).text
    confirm(shown, url)
    held = [house.factory.read(Opportunity, row.id) for row in found]
    assert {(row.stage, row.lost_reason) for row in held} == {("lost", "The fair was cancelled")}
    again, _answer = prepared(shown, found, {"expected_on": str(today())})
    assert "It is won or lost already." in shown.get(again).text
    assert shown.post(f"{url}/undo").status_code == 303
    held = [house.factory.read(Opportunity, row.id) for row in found]
    assert {(row.stage, row.lost_reason, row.closed_at) for row in held} == {("open", "", None)}


def test_title_value_and_probability_are_changed_in_their_cells(house, browser):
    held = house.opportunity(title="Course")
    shown = browser.sign_in(house.manager)
    page = shown.get("/opportunities").text
    assert 'data-edits="value"' in page

    def put(column, value, was):
        return shown.post(f"/opportunities/cells/{held.id}/{column}", {"value": value, "was": was}, htmx=True)

    value, probability = (str(number or "") for number in (held.expected_value, held.probability))
    assert put("value", "\uffe5 38,000.50", value).status_code == 200
    assert put("probability", "80", probability).status_code == 200
    assert put("expected_on", str(today()), str(held.expected_on or "")).status_code == 200
    for column, wrong, why in (("value", "-1", "negative"), ("value", "much", "number"), ("probability", "101", "100")):
        refused = put(column, wrong, "38000.5" if column == "value" else "80")
        assert refused.status_code == 422
        assert why in refused.text
    assert put("expected_on", "", str(today())).status_code == 200
    kept = house.factory.read(Opportunity, held.id)
    assert (kept.expected_value, kept.probability, kept.expected_on) == (Decimal("38000.5"), 80, None)


def test_owner_and_day_change_for_whom_may_work_on_them(house, browser):
    taken, kept = house.taken(), house.opportunity(title="Still here")
    day = today() + timedelta(days=40)
    shown = browser.sign_in(house.manager)
    url, _answer = prepared(shown, [taken, kept], {"owner": str(house.trainer.id), "expected_on": str(day)})
    assert "The chosen person" in shown.get(url).text
    confirm(shown, url)
    held, other = (house.factory.read(Opportunity, row.id) for row in (taken, kept))
    assert (held.owner_id, held.expected_on) == (house.trainer.id, day)
    assert (other.owner_id, other.expected_on) == (house.collector.id, None)
    shown.post(f"{url}/undo")
    assert house.factory.read(Opportunity, taken.id).expected_on is None
    # Nobody changes what they only read.
    reader = browser.sign_in(house.collector)
    url, _answer = prepared(reader, [taken], {"expected_on": str(day)})
    assert "None of these would change." in reader.get(url).text
