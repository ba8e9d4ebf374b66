"""Addresses for programs: the services of the page, within what the caller sees and may change."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from platform_core.audit.models import AuditEntry


@pytest.fixture
def owner(factory):
    return factory.user("coordinator", factory.department())


def test_added_changed_read_and_removed(browser, factory, owner, runtime):
    program, url = browser.token(owner), f"/api/v1/customers/{factory.customer(owner).id}/addresses"
    first = program.post(url, json={"street": "1 Harbour Road", "city": "Qingdao", "is_primary": True}).json()
    second = program.post(url, json={"street": "2 Market", "kind": "billing", "is_primary": True}).json()
    listed = program.get(url).json()["items"]
    assert [(item["id"], item["is_primary"]) for item in listed] == [(second["id"], True), (first["id"], False)]
    changed = program.request("PATCH", f"{url}/{first['id']}", json={"street": "3 Harbour Road"})
    assert changed.json() == {**first, "street": "3 Harbour Road", "is_primary": False}
    refused = program.request("PATCH", f"{url}/{first['id']}", json={"kind": "castle"})
    assert refused.status_code == 422
    assert program.request("DELETE", f"{url}/{second['id']}").status_code == 204
    assert [item["id"] for item in program.get(url).json()["items"]] == [first["id"]]
    with runtime.database.system_session("look", write=False) as session:
        lines = session.scalars(select(AuditEntry).where(AuditEntry.action == "customers.address")).all()
    assert len(lines) == 4


def test_strangers_find_nothing_and_readers_change_nothing(browser, factory, owner):
    customer = factory.customer(owner)
    url = f"/api/v1/customers/{customer.id}/addresses"
    made = browser.token(owner).post(url, json={"street": "1 Harbour Road"}).json()
    stranger = browser.token(factory.user("coordinator", factory.department()))
    one = f"{url}/{made['id']}"
    for method, where, body in (
        ("GET", url, None), ("POST", url, {"street": "x"}), ("PATCH", one, {"street": "x"}), ("DELETE", one, None),
    ):  # fmt: skip
        assert stranger.request(method, where, **({"json": body} if body else {})).status_code == 404, method
    reader = browser.token(factory.user("finance"))
    assert reader.get(url).status_code == 200
    assert reader.post(url, json={"street": "x"}).status_code == 403
    other = f"/api/v1/customers/{factory.customer(owner).id}/addresses/{made['id']}"
    assert browser.token(owner).request("DELETE", other).status_code == 404
