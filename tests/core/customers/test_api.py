from __future__ import annotations

from uuid import UUID

import pytest

from platform_core.customers.models import Customer

API = "/api/v1/customers"


@pytest.fixture
def me(factory):
    return factory.user("department_head", factory.department("客户部"))


@pytest.fixture
def program(browser, me):
    return browser.token(me)


@pytest.fixture
def made(program):
    answer = program.post(f"{API}/", json={"name": "上海启衡", "phone": "13800006021", "contact_name": "张海涛"})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_what_goes_in_comes_out_masked(program, made):
    assert made["phone"] == "138****6021"
    assert made["contact_name"] == "张海涛"
    answer = program.get(f"{API}/{made['id']}")
    assert answer.status_code == 200
    assert answer.json()["code"] == made["code"]
    assert "13800006021" not in answer.text


def test_mistakes_are_named_by_field(program):
    answer = program.post(f"{API}/", json={"name": "上海启衡", "phone": "12", "status": "nonsense"})
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert {error["field"] for error in answer.json()["errors"]} & {"phone", "status"}
    assert program.post(f"{API}/", json={}).status_code in {400, 422}


def test_only_what_is_given_changes(program, made):
    url = f"{API}/{made['id']}"
    answer = program.request("PATCH", url, json={"city": "上海", "version": made["version"]})
    assert answer.status_code == 200
    changed = answer.json()
    assert (changed["city"], changed["name"], changed["phone"]) == ("上海", "上海启衡", "138****6021")
    assert changed["version"] == made["version"] + 1
    stale = program.request("PATCH", url, json={"city": "北京", "version": made["version"]})
    assert stale.status_code == 409
    assert stale.json()["errors"] == [{"field": "city", "message": "上海"}]


def test_a_mask_is_never_written_back(program, made):
    answer = program.request("PATCH", f"{API}/{made['id']}", json={"phone": made["phone"]})
    assert answer.json()["phone_point_id"] == made["phone_point_id"]
    revealed = program.post(f"{API}/{made['id']}/points/{made['phone_point_id']}/reveal")
    assert revealed.json() == {"value": "138 0000 6021", "extension": "", "link": "tel:+8613800006021"}


def test_the_bin_and_back(program, made):
    url = f"{API}/{made['id']}"
    assert program.request("DELETE", url).status_code == 204
    assert program.get(url).status_code == 404
    assert program.post(f"{url}/restore").status_code == 200
    assert program.get(url).status_code == 200


def test_foreign_customers_do_not_exist(browser, factory, made):
    stranger = browser.token(factory.user("department_head", factory.department()))
    url = f"{API}/{made['id']}"
    assert stranger.get(url).status_code == 404
    assert stranger.request("PATCH", url, json={"city": "x"}).status_code == 404
    assert stranger.request("DELETE", url).status_code == 404
    assert stranger.get(f"{url}/contacts").status_code == 404
    assert stranger.post(f"{url}/points/{made['phone_point_id']}/reveal").status_code == 404


def test_contacts_with_a_customer_and_alone(program, made, factory):
    listed = program.get(f"{API}/{made['id']}/contacts").json()
    assert [(person["name"], person["points"][0]["mask"]) for person in listed["items"]] == [("张海涛", "138****6021")]
    added = program.post(f"{API}/{made['id']}/contacts", json={"name": "李梅", "email": "li.mei@example.com"})
    assert added.status_code == 201
    assert added.json()["points"][0]["mask"] == "li***@example.com"
    alone = program.post("/api/v1/contacts/", json={"name": "赵敏"}).json()
    assert alone["customer_id"] is None
    url = f"/api/v1/contacts/{alone['id']}"
    assert program.request("PATCH", url, json={"customer_id": made["id"], "title": "经理"}).json()["title"] == "经理"
    assert program.get(url).json()["customer_id"] == made["id"]
    assert program.request("DELETE", url).status_code == 204
    assert program.get(url).status_code == 404


def test_all_contacts_page_by_page(program, made):
    for number in range(5):
        program.post("/api/v1/contacts/", json={"name": f"P{number}"})
    names, cursor = [], ""
    while True:
        page = program.get(f"/api/v1/contacts/?limit=2&cursor={cursor}").json()
        names += [item["name"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert names == ["P4", "P3", "P2", "P1", "P0", "张海涛"]


def test_duplicates_of_others_name_only_the_department(browser, factory, made):
    stranger = browser.token(factory.user("coordinator", factory.department()))
    answer = stranger.post(f"{API}/duplicates", json={"phone": "13800006021"})
    (found,) = answer.json()["items"]
    assert (found["by"], found["department"], found["customer_id"], found["name"]) == ("phone", "客户部", None, "")


def test_a_repeated_post_with_its_key_makes_one_customer(program, factory):
    headers = {"Idempotency-Key": "one"}
    first = program.post(f"{API}/", json={"name": "北京远山"}, headers=headers)
    second = program.post(f"{API}/", json={"name": "北京远山"}, headers=headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] == second.json()["id"]
    assert factory.read(Customer, UUID(first.json()["id"])) is not None
