from __future__ import annotations

from uuid import uuid4

import pytest
from baton_plugins.opportunities.models import Opportunity

from platform_core.api import today

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
URL = "/api/v1/opportunities"


@pytest.fixture
def program(house, browser):
    return browser.token(house.collector)


def new(house, **fields):
    values = {"customer_id": str(house.customer.id), "title": "Leadership training", "project_type": "training"}
    return {**values, **fields}


def test_create_read_change(house, program):
    made = program.post(URL, json=new(house, expected_value="38000.50", expected_on="2026-12-31"))
    assert made.status_code == 201, made.text
    found = program.get(f"{URL}/{made.json()['id']}").json()
    assert (found["expected_value"], found["project_type"], found["stage"]) == ("38000.50", "training", "open")
    assert found["contracts"] == []
    changed = program.request("PATCH", f"{URL}/{found['id']}", json={"probability": 70, "version": found["version"]})
    assert changed.json()["probability"] == 70
    assert changed.json()["expected_value"] == "38000.50"
    stale = program.request("PATCH", f"{URL}/{found['id']}", json={"probability": 80, "version": found["version"]})
    assert stale.status_code == 409


@pytest.mark.parametrize(
    "fields",
    [{"title": ""}, {"probability": 101}, {"expected_value": "-1"}, {"project_type": "?"}, {"customer_id": "x"}],
)
def test_bad_input_is_a_problem(house, program, fields):
    answer = program.post(URL, json=new(house, **fields))
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["errors"]


def test_list_pages_by_cursor(house, program):
    for number in range(3):
        house.opportunity(title=f"No {number}")
    first = program.get(f"{URL}?limit=2").json()
    second = program.get(f"{URL}?limit=2&cursor={first['next_cursor']}").json()
    assert [len(first["items"]), len(second["items"])] == [2, 1]
    assert second["next_cursor"] is None
    assert program.get(f"{URL}?cursor=nonsense").status_code == 422
    assert program.get(f"{URL}?stage=sold").status_code == 422
    assert program.get(f"{URL}?customer_id={uuid4()}").status_code == 404


def test_losing_and_reopening(house, program):
    opportunity = house.opportunity()
    lost = program.post(f"{URL}/{opportunity.id}/lost", json={"reason": "No budget"})
    assert (lost.json()["stage"], lost.json()["lost_reason"]) == ("lost", "No budget")
    assert program.post(f"{URL}/{opportunity.id}/lost", json={"reason": "Again"}).status_code == 409
    assert program.post(f"{URL}/{opportunity.id}/reopen").json()["stage"] == "open"


def test_contract_as_multipart_then_by_attachment(house, browser):
    opportunity = house.taken()
    trainer = browser.token(house.trainer)
    form = {
        "opportunity_id": str(opportunity.id),
        "number": "HT-1",
        "signed_on": today().isoformat(),
        "amount": "38000",
        "term": "two years",
    }
    made = trainer.post("/api/v1/contracts", form, files={"file": ("contract.pdf", PDF, "application/pdf")})
    assert made.status_code == 201, made.text
    assert made.json()["complete"] is True
    assert house.factory.read(Opportunity, opportunity.id).stage == "won"
    second = trainer.post(
        "/api/v1/contracts", json={**form, "number": "HT-2", "attachment_id": made.json()["attachment_id"]}
    )
    assert second.status_code == 201, second.text
    listed = trainer.get(f"/api/v1/contracts?customer_id={house.customer.id}&limit=1").json()
    assert listed["items"][0]["number"] == "HT-2"
    assert listed["next_cursor"]
    assert trainer.get(f"/api/v1/contracts/{made.json()['id']}").json()["number"] == "HT-1"
    single = trainer.get(f"{URL}/{opportunity.id}").json()
    assert {item["number"] for item in single["contracts"]} == {"HT-1", "HT-2"}


def test_contract_without_file_or_with_broken_json(house, browser):
    opportunity = house.taken()
    trainer = browser.token(house.trainer)
    form = {
        "opportunity_id": str(opportunity.id),
        "number": "HT-1",
        "signed_on": today().isoformat(),
        "amount": "38000",
    }
    assert [error["field"] for error in trainer.post("/api/v1/contracts", json=form).json()["errors"]] == ["file"]
    foreign = trainer.post("/api/v1/contracts", json={**form, "attachment_id": str(uuid4())})
    assert [error["field"] for error in foreign.json()["errors"]] == ["attachment_id"]
    broken = trainer.post("/api/v1/contracts", content=b"{", headers={"Content-Type": "application/json"})
    assert broken.status_code == 422


def test_an_idempotency_key_repeats_the_answer(house, browser):
    opportunity = house.taken()
    trainer = browser.token(house.trainer)
    form = {
        "opportunity_id": str(opportunity.id),
        "number": "HT-1",
        "signed_on": today().isoformat(),
        "amount": "38000",
        "term": "x",
    }
    headers = {"Idempotency-Key": uuid4().hex}
    answers = [
        trainer.post(
            "/api/v1/contracts", form, files={"file": ("contract.pdf", PDF, "application/pdf")}, headers=headers
        )
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()


def test_colleagues_without_a_part_see_nothing(house, browser, pdf):
    opportunity = house.taken()
    contract = house.sign(house.trainer, opportunity, pdf)
    other = browser.token(house.colleague)
    assert other.get(URL).json()["items"] == []
    assert other.get("/api/v1/contracts").json()["items"] == []
    assert other.get(f"{URL}/{opportunity.id}").status_code == 404
    assert other.get(f"/api/v1/contracts/{contract.id}").status_code == 404
    assert other.request("PATCH", f"{URL}/{opportunity.id}", json={"title": "Mine"}).status_code == 404
    assert other.post(f"{URL}/{opportunity.id}/lost", json={"reason": "x"}).status_code == 404


def test_a_contract_is_corrected_by_its_people_only(house, browser, pdf):
    opportunity = house.taken()
    contract = house.sign(house.trainer, opportunity, pdf)
    url, trainer = f"/api/v1/contracts/{contract.id}", browser.token(house.trainer)
    present = trainer.get(url).json()
    changed = trainer.request("PATCH", url, json={"amount": "41000", "version": present["version"]})
    assert (changed.status_code, changed.json()["amount"]) == (200, "41000.00")
    assert changed.json()["number"] == present["number"]
    assert changed.json()["attachment_id"] == present["attachment_id"]
    stale = trainer.request("PATCH", url, json={"amount": "42000", "version": present["version"]})
    assert stale.status_code == 409
    assert trainer.request("PATCH", url, json={"term": "three years"}).json()["term"] == "three years"
    foreign = trainer.request("PATCH", url, json={"attachment_id": str(uuid4())})
    assert [error["field"] for error in foreign.json()["errors"]] == ["attachment_id"]
    early = trainer.request("PATCH", url, json={"starts_on": "2026-03-01", "ends_on": "2026-02-01"})
    assert [error["field"] for error in early.json()["errors"]] == ["ends_on"]
    assert browser.token(house.colleague).request("PATCH", url, json={"amount": "1"}).status_code == 404
    assert trainer.get(url).json()["amount"] == "41000.00"
