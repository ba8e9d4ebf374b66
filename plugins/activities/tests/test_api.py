from __future__ import annotations

from datetime import timedelta

import pytest

from platform_core.api import today

PLANS, FOLLOW_UPS = "/api/v1/plans", "/api/v1/follow-ups"


@pytest.fixture
def carol(house, browser):
    return browser.token(house.people["collector"])


def send(client, method, url, **body):
    return client.request(method, url, json=body)


def test_a_call_from_plan_to_result(house, carol):
    customer = str(house.customer.id)
    day = (today() + timedelta(days=1)).isoformat()
    made = send(carol, "POST", PLANS, customer_id=customer, subject="Call", on=day)
    assert made.status_code == 201
    plan = made.json()
    assert (plan["state"], plan["all_day"], plan["assignee_id"]) == ("open", True, str(house.people["collector"].id))
    moved = send(carol, "PATCH", f"{PLANS}/{plan['id']}", on=day, time="10:30").json()
    assert not moved["all_day"]
    assert [item["id"] for item in carol.get(PLANS).json()["items"]] == [plan["id"]]
    done = send(carol, "POST", f"{PLANS}/{plan['id']}/finish", body="They agreed.", outcome="agreed", next="3d")
    assert done.status_code == 201
    assert done.json()["new_status"] == "following"
    assert not done.json()["unplanned"]
    again = send(carol, "POST", f"{PLANS}/{plan['id']}/finish", body="Me too.")
    assert (again.status_code, again.headers["content-type"]) == (409, "application/problem+json")
    assert [item["id"] for item in carol.get(f"{PLANS}?state=done").json()["items"]] == [plan["id"]]
    (upcoming,) = carol.get(f"{PLANS}?customer_id={customer}").json()["items"]
    assert upcoming["id"] == done.json()["next_plan_id"]


def test_cancel_and_reopen(house, carol):
    plan = house.plan("collector")
    assert send(carol, "PATCH", f"{PLANS}/{plan.id}", state="cancelled").json()["state"] == "cancelled"
    assert send(carol, "PATCH", f"{PLANS}/{plan.id}", state="cancelled").status_code == 409
    assert send(carol, "PATCH", f"{PLANS}/{plan.id}", state="open").json()["state"] == "open"
    assert send(carol, "PATCH", f"{PLANS}/{plan.id}").status_code == 422
    assert send(carol, "PATCH", f"{PLANS}/{plan.id}", state="lost").status_code == 422


def test_follow_ups_page_by_page(house, carol):
    customer = str(house.customer.id)
    for number in range(5):
        body = {"customer_id": customer, "body": f"Call {number}", "kind": "call"}
        assert send(carol, "POST", FOLLOW_UPS, **body).status_code == 201
    seen, url = [], f"{FOLLOW_UPS}?customer_id={customer}&limit=2"
    cursor = ""
    while cursor is not None:
        answer = carol.get(f"{url}&cursor={cursor}").json()
        seen += [item["body"] for item in answer["items"]]
        cursor = answer["next_cursor"]
    assert seen == [f"Call {number}" for number in reversed(range(5))]


def test_corrections_need_the_version_that_was_read(house, carol):
    follow_up = house.log("collector", "Four.")
    url = f"{FOLLOW_UPS}/{follow_up.id}"
    assert send(carol, "PATCH", url, body="Five.", version=follow_up.version).json()["body"] == "Five."
    assert send(carol, "PATCH", url, body="Six.", version=follow_up.version).status_code == 409


def test_wrong_fields_are_named(house, carol):
    answer = send(carol, "POST", FOLLOW_UPS, customer_id=str(house.customer.id), body="x", outcome="sold_out")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "outcome"
    assert send(carol, "POST", FOLLOW_UPS, customer_id=str(house.customer.id), body="").status_code in {400, 422}


def test_a_repeated_post_writes_once(house, carol):
    body = {"customer_id": str(house.customer.id), "body": "Once."}
    for _time in range(2):
        answer = carol.request("POST", FOLLOW_UPS, json=body, headers={"Idempotency-Key": "abc"})
        assert answer.status_code == 201
    assert house.bodies("collector") == ["Once."]


def test_strangers_find_nothing(house, browser):
    plan, follow_up = house.plan("collector"), house.log("collector")
    tom = browser.token(house.people["trainer"])
    customer = str(house.customer.id)
    assert tom.get(PLANS).json()["items"] == []
    assert tom.get(f"{PLANS}?customer_id={customer}").status_code == 404
    assert tom.get(f"{FOLLOW_UPS}?customer_id={customer}").status_code == 404
    assert send(tom, "PATCH", f"{PLANS}/{plan.id}", state="cancelled").status_code == 404
    assert send(tom, "POST", f"{PLANS}/{plan.id}/finish", body="x").status_code == 404
    assert send(tom, "PATCH", f"{FOLLOW_UPS}/{follow_up.id}", body="x", version=1).status_code == 404
    assert send(tom, "POST", FOLLOW_UPS, customer_id=customer, body="x").status_code == 404


def test_others_engagements_stay_out_of_the_lists(house, browser):
    engagement_id = house.open()
    house.log("collector", "Secret.", engagement_id=engagement_id)
    house.plan("collector", "Secret plan", engagement_id=engagement_id)
    hanna, customer = browser.token(house.people["collect_head"]), str(house.customer.id)
    assert len(hanna.get(f"{FOLLOW_UPS}?customer_id={customer}").json()["items"]) == 1, "her department has the leg"
    other = house.factory.user("department_head", house.departments["train"])
    house.factory.add(*_share(house, other))
    head = browser.token(other)
    assert head.get(f"{FOLLOW_UPS}?customer_id={customer}").json()["items"] == []
    assert head.get(f"{PLANS}?customer_id={customer}").json()["items"] == []


def _share(house, user):
    """Lets a user see the customer, but none of its engagements."""
    from platform_core.permissions.models import Access

    return [Access(kind="share", user_id=user.id, customer_id=house.customer.id)]
