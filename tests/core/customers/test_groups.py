"""Groups of customers: by hand and by conditions, for oneself and for others, never more than the reader sees."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.customers.groups.models import Group, Member
from tests.core.customers.transfer.conftest import house, in_english

__all__ = ["house", "in_english"]


def names(page):
    return set(re.findall(r'<td class="c-name"><a href="[^"]+">([^<]*)</a>', page.text))


@pytest.fixture
def customers(factory, house):
    made = [("A", house.anna, "A"), ("B", house.anna, "B"), ("C", house.carl, "A"), ("T", house.tom, "A")]
    return {name: factory.customer(owner, name=name, grade=grade) for name, owner, grade in made}


@pytest.fixture
def only_group(runtime):
    def read():
        with runtime.database.system_session("what a test reads") as session:
            return session.scalars(select(Group)).one()

    return read


def test_customers_of_the_list_are_put_in_and_taken_out(browser, runtime, house, customers, only_group, count_queries):
    anna = browser.sign_in(house.anna)
    assert 'formaction="/customers/groups/put"' in anna.get("/customers").text
    ids = [str(customers[name].id) for name in ("A", "B", "T")]
    dialog = anna.post("/customers/groups/put", {"ids": ids}, htmx=True)
    assert dialog.status_code == 200
    assert dialog.text.count('name="ids"') == 3
    assert anna.post("/customers/groups/put", {"state": ""}).status_code == 422
    assert anna.post("/customers/groups/members", {"ids": ids, "group": "", "name": ""}).status_code == 422
    put = anna.post("/customers/groups/members", {"ids": ids, "name": "Fair in May"})
    group = only_group()
    assert put.headers["location"] == f"/customers?f=group:is:{group.id}"
    with count_queries(at_most=12):
        page = anna.get(put.headers["location"])
    assert names(page) == {"A", "B"}  # the third is not hers to see
    assert "Fair in May" in page.text
    with runtime.database.system_session("test") as session:
        assert len(session.scalars(select(Member)).all()) == 2
    out = anna.post("/customers/groups/members", {"ids": ids[:1], "group": str(group.id), "out": "1"})
    assert out.status_code == 303
    assert names(anna.get(put.headers["location"])) == {"B"}
    whole = {"whole": "1", "state": "f=grade:is:A", "group": str(group.id)}
    assert anna.post("/customers/groups/members", whole).status_code == 303
    assert names(anna.get(put.headers["location"])) == {"A", "B"}
    with runtime.database.system_session("test") as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "customers.group_remove")).one()
    assert entry.ids == [customers["A"].id.hex]
    # Nobody else learns of it, and it means nobody to them.
    assert browser.sign_in(house.carl).get(f"/customers/groups/{group.id}").status_code == 404
    assert names(browser.sign_in(house.boss).get(put.headers["location"])) == set()


def test_a_group_by_conditions_is_shared_and_shows_everybody_their_own(browser, runtime, house, customers, only_group):
    head = browser.sign_in(house.head)
    saved = head.post("/views", {"list": "customers", "state": "f=grade:is:A", "name": "Best", "reach": "private"})
    view = saved.headers["location"].partition("view=")[2]
    data = {"name": "Best of all", "view": view, "reach": "department", "department_id": str(house.sales.id)}
    assert browser.sign_in(house.anna).post("/customers/groups", data).status_code == 422
    assert head.post("/customers/groups", data).status_code == 303
    group = only_group()
    assert (group.conditions, group.is_fixed) == (["grade:is:A"], False)
    url = f"/customers?f=group:is:{group.id}"
    assert names(head.get(url)) == {"A", "C"}
    assert names(browser.sign_in(house.anna).get(url)) == {"A"}
    assert names(browser.sign_in(house.tom).get(url)) == set()  # not for him
    assert "Best of all" in browser.sign_in(house.carl).get("/customers/groups").text
    assert "Best of all" not in browser.sign_in(house.tom).get("/customers/groups").text
    put = {"ids": str(customers["B"].id), "group": str(group.id)}
    assert head.post("/customers/groups/members", put).status_code == 422  # it follows from its conditions
    with runtime.database.system_session("the condition's plugin is gone") as session:
        session.get_one(Group, group.id).conditions = ["weight:is:1"]
    assert names(head.get(url)) == set()  # never more than was meant
    assert "the list no longer has its conditions" in head.get("/customers/groups").text
    assert head.post(f"/customers/groups/{group.id}/delete").status_code == 303
    assert "There are no groups yet." in head.get("/customers/groups").text


def test_programs_keep_groups(browser, house, customers):
    program = browser.token(house.anna)
    made = program.post("/api/v1/groups", json={"name": "By program", "tone": "jade"})
    assert made.status_code == 200, made.text
    one = f"/api/v1/groups/{made.json()['id']}"
    everything = [str(customer.id) for customer in customers.values()]
    assert program.post(f"{one}/members", json={"customer_ids": everything}).json() == {"number": 2}
    assert program.post(f"{one}/members", json={"customer_ids": everything}).json() == {"number": 0}
    listed = program.get(f"/api/v1/customers?f=group:is:{made.json()['id']}").json()["items"]
    assert {item["name"] for item in listed} == {"A", "B"}
    removed = program.post(f"{one}/members/remove", json={"customer_ids": everything[:1]})
    assert removed.json() == {"number": 1}
    nested = {"name": "x", "conditions": [f"group:is:{made.json()['id']}"]}
    assert program.post("/api/v1/groups", json=nested).status_code == 422
    assert program.request("PUT", one, json={"name": "Renamed"}).json()["name"] == "Renamed"
    assert [item["name"] for item in program.get("/api/v1/groups").json()["items"]] == ["Renamed"]
    assert browser.token(house.ben).get("/api/v1/groups").json()["items"] == []
    assert program.request("DELETE", one).status_code == 200


def test_the_pool_is_narrowed_by_groups_whose_members_were_put_in(browser, factory, house, count_queries):
    pooled = [factory.customer(name=f"Pooled {number}", department_id=house.north.id, grade="A") for number in range(2)]
    fixed = Group(name="Fair in May", owner_id=house.boss.id, reach="private")
    asking = Group(name="Of grade A", owner_id=house.boss.id, reach="private", conditions=["grade:is:A"])
    factory.add(fixed, asking)
    factory.add(Member(group_id=fixed.id, customer_id=pooled[0].id))
    boss = browser.sign_in(house.boss)
    dialog = boss.get("/pool/conditions?field=group").text
    assert ("Fair in May" in dialog, "Of grade A" in dialog) == (True, False)
    with count_queries(at_most=12):
        found = boss.get(f"/pool?f=group:is:{fixed.id}")
    assert names(found) == {"Pooled 0"}
    assert names(boss.get(f"/pool?f=group:is:{asking.id}")) == set()
    assert names(boss.get("/pool?f=group:empty")) == {"Pooled 1"}
