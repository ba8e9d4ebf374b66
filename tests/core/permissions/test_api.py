"""Roles and states of accounts for programs: the rights, refusals and audit of the page."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.kernel.clock import now


@pytest.fixture
def security(browser, factory):
    return browser.token(factory.user("security_admin"), changes_rights=True)


@pytest.fixture
def admin(browser, factory):
    return browser.token(factory.user("system_admin"))


def roles(user):
    return f"/api/v1/users/{user.id}/roles"


def test_roles_are_read_by_colleagues_and_given_by_few(browser, factory, security, admin, runtime):
    somebody = factory.user()
    codes = {item["code"] for item in admin.get("/api/v1/roles").json()["items"]}
    assert {"coordinator", "finance"} <= codes
    assert admin.post(roles(somebody), json={"role": "finance"}).status_code == 403
    until = (now() + timedelta(days=3)).isoformat()
    held = security.post(roles(somebody), json={"role": "finance", "valid_to": until})
    assert held.status_code == 201
    listed = admin.get(roles(somebody)).json()["items"]
    assert held.json() in listed
    for wrong, field in (
        ({"role": "emperor"}, "role"),
        ({"role": "finance", "department_id": str(uuid4())}, "department_id"),
        ({"role": "finance", "valid_to": "2020-01-01T00:00:00Z"}, "valid_to"),
    ):
        refused = security.post(roles(somebody), json=wrong)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    url = f"{roles(somebody)}/{held.json()['id']}"
    plain = browser.token(factory.user("security_admin"))
    assert plain.post(roles(somebody), json={"role": "management"}).status_code == 403
    assert plain.request("DELETE", url).status_code == 403
    assert admin.request("DELETE", url).status_code == 403
    assert security.request("DELETE", f"{roles(factory.user())}/{held.json()['id']}").status_code == 404
    assert security.request("DELETE", url).status_code == 204
    assert held.json() not in admin.get(roles(somebody)).json()["items"]
    with runtime.database.system_session("look", write=False) as session:
        noted = session.scalars(select(AuditEntry.action).where(AuditEntry.action.startswith("permissions."))).all()
    assert {"permissions.assign", "permissions.unassign"} <= set(noted)


def test_a_frozen_account_is_out_at_once_and_the_last_keeper_stays(browser, factory, admin, security):
    user = factory.user("coordinator")
    program = browser.token(user)
    url = f"/api/v1/users/{user.id}/status"
    assert program.get("/api/v1/users/me").status_code == 200
    assert security.request("PUT", url, json={"status": "frozen"}).status_code == 403
    assert admin.request("PUT", url, json={"status": "asleep"}).status_code == 422
    frozen = admin.request("PUT", url, json={"status": "frozen", "reason": "lost telephone"})
    assert frozen.json() == {"id": str(user.id), "status": "frozen"}
    refused = program.get("/api/v1/users/me")
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:baton:problem:frozen")
    assert admin.get(f"/api/v1/users/{user.id}").json()["status"] == "frozen"
    myself = admin.get("/api/v1/users/me").json()["id"]
    assert admin.request("PUT", f"/api/v1/users/{myself}/status", json={"status": "left"}).status_code == 409
