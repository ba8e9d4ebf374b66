"""Kinds of interaction that the house defines: planned, on the workbench, answered with what they ask."""

from __future__ import annotations

import re

import pytest
from baton_plugins.activities import services
from baton_plugins.activities.forms import FollowUpEdit
from baton_plugins.activities.kinds import fields

from platform_core.admin import services as admin
from platform_core.api import Invalid, TimelineQuery, day_text, dictionaries, speaking, today
from platform_core.customers import erasing
from platform_core.testing.browser import Browser

KINDS = "activities.kind"


@pytest.fixture
def office(house, browser: Browser) -> Browser:
    """Somebody who keeps the kinds, and an enrolment among them."""
    with house.runtime.database.system_session("test") as session:
        admin.add_entry(session, None, KINDS, admin.EntryInput(code="enrol", label="Enrolment"))
    return browser.sign_in(house.factory.user("office"))


def asks(house, office: Browser) -> dict[str, str]:
    """An enrolment asks three things, set up on its page; label -> id."""
    for form in (
        {"label": "Course", "type": "web.choice", "choices": "TR1\nTR2\n\nTR1", "required": "1"},
        {"label": "Fee", "type": "web.number"},
        {"label": "Paid on", "type": "web.date"},
    ):
        assert office.post("/settings/kinds/enrol/fields", form).status_code == 303
    return {field.label: field.id for field in known(house)}


def known(house):
    with house.runtime.database.system_session("look", write=False) as session:
        return fields.of_entry(dictionaries.entries(session, KINDS)["enrol"].data)


def told(house, name="collector"):
    with house.as_(name) as (session, _actor):
        found = house.runtime.hooks.customer_timeline(session, _actor, TimelineQuery(house.customer.id, 50))
    return [line.text for line in (item.value for item in found)]


def test_from_the_definition_to_the_plan_to_its_result(house, office, browser):
    course, fee, paid = asks(house, office).values()
    carol = browser.sign_in(house.people["collector"])
    new = carol.get(f"/plans/new?customer={house.customer.id}").text
    assert '<option value="enrol">Enrolment</option>' in new
    plan = house.plan("collector", "Fill in the form", kind="enrol")
    assert "Fill in the form" in carol.get("/").text
    row = carol.get(f"/plans/{plan.id}/finish?place=row", htmx=True).text
    assert re.search(rf'name="d-{course}"[^>]* required', row)
    answers = {
        "place": "row",
        "kind": "enrol",
        "body": "Enrolled.",
        f"d-{fee}": "12,800",
        f"d-{paid}": f"{today():%Y.%m.%d}",
    }
    refused = carol.post(f"/plans/{plan.id}/finish", answers, htmx=True)
    assert refused.status_code == 422
    assert "Course: please fill this in." in refused.text
    assert 'value="12,800"' in refused.text
    assert carol.post(f"/plans/{plan.id}/finish", {**answers, f"d-{course}": "TR2"}, htmx=True).status_code == 200
    (text,) = told(house)
    with speaking("en"):
        paid_on = day_text(today())
    assert text.splitlines() == ["Enrolled.", "Course: TR2", "Fee: 12,800", f"Paid on: {paid_on}"]
    assert house.read_plan(plan.id).state == "done"


def test_the_composer_asks_what_the_chosen_kind_asks(house, office, browser):
    page = browser.sign_in(house.people["collector"])
    url = f"/customers/{house.customer.id}"
    assert "/follow-ups/fields" not in page.get(url).text, "no kind asks anything"
    course = asks(house, office)["Course"]
    page = browser.sign_in(house.people["collector"])
    assert 'hx-get="/follow-ups/fields?place=panel"' in page.get(url).text
    assert f'name="d-{course}"' in page.get("/follow-ups/fields?place=panel&kind=enrol", htmx=True).text
    assert "<input" not in page.get("/follow-ups/fields?place=panel&kind=call", htmx=True).text


@pytest.mark.parametrize("wrong", [{"Fee": "a lot"}, {"Paid on": "soon"}, {"Course": "TR3"}, {"elsewhere": "x"}])
def test_wrong_answers_are_named(house, office, wrong):
    ids = asks(house, office)
    details = {ids.get(label, label): text for label, text in {"Course": "TR1", **wrong}.items()}
    with pytest.raises(Invalid) as refusal:
        house.log("collector", kind="enrol", details=details)
    assert list(refusal.value.fields) == [f"d-{ids.get(label, label)}" for label in wrong]


def test_a_field_that_is_asked_no_more_keeps_its_answers_and_its_type(house, office):
    ids = asks(house, office)
    follow_up = house.log("collector", kind="enrol", details={ids["Course"]: "TR1", ids["Fee"]: "100"})
    url = f"/settings/kinds/enrol/fields/{ids['Fee']}"
    assert office.post(url, {"label": "Price", "type": "web.date"}).status_code == 303
    (changed,) = [field for field in known(house) if field.id == ids["Fee"]]
    assert (changed.label, changed.type, changed.active) == ("Price", "web.number", False)
    assert "Price: 100" in told(house)[0]
    with house.as_("collector") as (session, actor):
        edit = FollowUpEdit(body="Corrected", version=follow_up.version, details={ids["Course"]: "TR2"})
        services.edit_follow_up(session, actor, follow_up.id, edit)
    assert told(house)[0].splitlines() == ["Corrected", "Course: TR2", "Price: 100"]
    with pytest.raises(Invalid):
        house.log("collector", kind="enrol", details={ids["Course"]: "TR1", ids["Fee"]: "5"})


def test_earlier_answers_stay_readable_and_go_when_the_person_is_erased(house, office, browser):
    ids = asks(house, office)
    follow_up = house.log("collector", kind="enrol", details={ids["Course"]: "TR1", ids["Fee"]: "47114711"})
    carol = browser.sign_in(house.people["collector"])
    assert 'value="47114711"' in carol.get(f"/follow-ups/{follow_up.id}/edit", htmx=True).text
    sent = {"body": "Again", "kind": "enrol", "version": str(follow_up.version), f"d-{ids['Course']}": "TR2"}
    assert carol.post(f"/follow-ups/{follow_up.id}/edit", sent).status_code == 303
    versions = carol.get(f"/follow-ups/{follow_up.id}/versions").text
    assert "Course: TR1" in versions
    assert "Fee: 47,114,711" in versions
    with house.as_("manager") as (session, actor):
        erasing.erase(session, actor, house.customer.id, "asked for it")
    with house.runtime.database.connection("look") as connection:
        rows = [repr(connection.exec_driver_sql(f"SELECT * FROM {table}").all()) for table in (
            "activities_follow_up", "activities_follow_up_revision")]  # fmt: skip
    assert "TR2" not in "".join(rows)
    assert "47114711" not in "".join(rows)


def test_refusals_of_the_settings_keep_what_was_typed(house, office, browser):
    asks(house, office)
    for form, sentence in (
        ({"label": "fee", "type": "web.text"}, "There is a field of this name."),
        ({"label": "Level", "type": "web.choice"}, "Write at least one choice"),
        ({"label": "Level", "type": "web.colour"}, "Please choose from the list."),
        ({"label": ""}, "Please fill this in."),
    ):
        answer = office.post("/settings/kinds/enrol/fields", form)
        assert answer.status_code == 422
        assert sentence in answer.text
        assert f'value="{form["label"]}"' in answer.text
    assert office.post("/settings/kinds/unknown/fields", {"label": "x"}).status_code == 404
    assert office.post("/settings/kinds/enrol", {"icon": "school", "contact": "1"}).status_code == 303
    assert office.post("/settings/kinds/enrol", {"icon": "skull"}).status_code == 422
    assert browser.sign_in(house.people["collector"]).get("/settings/kinds").status_code == 403
    assert [field.label for field in known(house)] == ["Course", "Fee", "Paid on"]
