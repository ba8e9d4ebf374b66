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


def test_programs_make_teams_and_take_people_in(browser, factory, security, admin):
    plain, somebody = browser.token(factory.user("security_admin")), factory.user(name="Nina")
    assert admin.get("/api/v1/teams").status_code == 403
    assert plain.post("/api/v1/teams", json={"name": "North"}).status_code == 403
    made = security.post("/api/v1/teams", json={"name": "North"})
    assert (made.status_code, made.json()["members"]) == (201, [])
    assert security.post("/api/v1/teams", json={"name": "north"}).status_code == 422
    url = f"/api/v1/teams/{made.json()['id']}"
    member = {"colleague": somebody.login, "until": (now() + timedelta(days=3)).isoformat()}
    assert plain.post(f"{url}/members", json=member).status_code == 403
    assert security.post(f"{url}/members", json=member | {"colleague": "nobody"}).status_code == 422
    assert security.post(f"{url}/members", json=member | {"until": "2030-01-01T00:00:00"}).status_code == 422
    joined = security.post(f"{url}/members", json=member)
    assert [item["name"] for item in joined.json()["members"]] == ["Nina"]
    led = security.request("PUT", url, json={"name": "Northern", "lead_id": str(somebody.id)})
    assert led.json()["lead_id"] == str(somebody.id)
    assert plain.get("/api/v1/teams").json()["items"] == [
        {"id": made.json()["id"], "name": "Northern", "lead": "Nina", "people": 1}
    ]
    assert security.request("DELETE", url).status_code == 409, "somebody is in it"
    for each in (plain, security):
        gone = each.request("DELETE", f"{url}/members/{somebody.id}").status_code
    assert gone == 204
    assert plain.request("DELETE", url).status_code == 403
    assert security.request("DELETE", url).status_code == 204
    assert security.get(url).status_code == 404


def test_programs_lend_rights_of_their_user_and_end_that(browser, factory, security):
    giver = factory.user("department_head", factory.department("Desk"), name="Hanna")
    helper = factory.user("coordinator", name="Hugo")
    plain, program = browser.token(giver), browser.token(giver, changes_rights=True)
    until = (now() + timedelta(days=3)).isoformat()
    loan = {"colleague": helper.login, "valid_to": until, "reason": "on holiday", "rights": {"customers.view": "own"}}
    assert plain.post("/api/v1/delegations", json=loan).status_code == 403
    for wrong, status in (
        ({"rights": {"customers.erase": "own"}}, 403),
        ({"rights": {"customers.view": "all"}}, 403),
        ({"rights": {"customers.view": "everything"}}, 422),
        ({"rights": {}}, 422),
        ({"colleague": "nobody"}, 422),
        ({"valid_to": (now() + timedelta(days=40)).isoformat()}, 422),
        ({"valid_to": "2030-01-01T00:00:00"}, 422),
    ):
        assert program.post("/api/v1/delegations", json=loan | wrong).status_code == status, wrong
    made = program.post("/api/v1/delegations", json=loan)
    assert (made.status_code, made.json()["receiver"], made.json()["rights"]) == (
        201,
        "Hugo",
        {"customers.view": "own"},
    )
    assert plain.get("/api/v1/delegations").json()["given"] == [made.json()]
    theirs = browser.token(helper)
    assert theirs.get("/api/v1/delegations").json()["received"] == [made.json()]
    assert theirs.get("/api/v1/delegations/everybody").status_code == 403
    assert security.get("/api/v1/delegations/everybody").json()["items"] == [made.json()]
    url = f"/api/v1/delegations/{made.json()['id']}"
    assert browser.token(factory.user()).request("DELETE", url).status_code == 404
    assert theirs.request("DELETE", url).status_code == 204
    assert plain.get("/api/v1/delegations").json() == {"given": [], "received": []}
