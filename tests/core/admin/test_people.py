"""The pages for accounts."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.permissions.models import RoleAssignment
from platform_core.users.models import User

NEW = "green tea in the afternoon"
FORM = {
    "login": "han.meimei", "name": "Han Meimei", "employee_no": "E-7", "title": "Trainer", "phone": "0755 8888",
    "extension": "204", "email": "han@example.com", "key_serial": "K-99", "notes": "Works mornings",
}  # fmt: skip


def look(runtime, statement):
    with runtime.database.system_session("look", write=False) as session:
        return list(session.scalars(statement))


@pytest.fixture
def admin(browser, factory):
    return browser.sign_in(factory.user("system_admin"))


@pytest.fixture
def guard(browser, factory):
    return browser.sign_in(factory.user("security_admin"))


def test_from_a_new_account_to_the_first_sign_in(runtime, browser, factory, admin, guard):
    department = factory.department()
    made = admin.post("/settings/users/new", {**FORM, "department_id": str(department.id)})
    assert made.status_code == 303
    (user,) = look(runtime, select(User).where(User.login == "han.meimei"))
    page = f"/settings/users/{user.id}"
    assert (user.department_id, user.key_serial, user.notes) == (department.id, "K-99", "Works mornings")
    shown = admin.get(page)
    assert "Without a role" in shown.text
    assert "no password yet" in shown.text
    assert admin.post(f"{page}/roles", {"role": "coordinator"}).status_code == 403
    assert guard.post(f"{page}/roles", {"role": "coordinator"}).status_code == 303
    link = re.search(r"/reset/[\w-]+", admin.post(f"{page}/reset", {}).text)[0]
    assert link not in admin.get(page).text, "shown once"
    assert browser.post(link, {"password": NEW, "again": NEW}).status_code == 303
    assert browser.post("/login", {"login": "han.meimei", "password": NEW}).status_code == 303


def test_pages_stay_within_twelve_statements(browser, factory, admin, count_queries):
    department = factory.department()
    user = factory.user(department=department)
    for path in (
        "/settings", "/settings/users", "/settings/users/new", f"/settings/users/{user.id}",
        f"/settings/users?q=User&status=active&department={department.id}", "/settings/dictionaries", "/settings/jobs",
    ):  # fmt: skip
        with count_queries(at_most=12):
            assert admin.get(path).status_code == 200, path


def test_mistakes_come_back_with_what_was_typed(admin, factory):
    factory.user(login="taken")
    page = admin.post("/settings/users/new", {**FORM, "login": "taken"})
    assert page.status_code == 422
    assert "This sign-in name is taken." in page.text
    assert 'value="Trainer"' in page.text
    page = admin.post("/settings/users/new", {**FORM, "login": "no spaces please", "name": ""})
    assert page.status_code == 422
    assert page.text.count('aria-invalid="true"') == 2
    assert admin.post("/settings/users/new", {**FORM, "department_id": "nonsense"}).status_code == 422


def test_freezing_and_leaving_through_the_page(runtime, browser, factory, admin):
    user = factory.user()
    inside = browser.sign_in(user)
    page = f"/settings/users/{user.id}"
    assert admin.post(f"{page}/status", {"status": "frozen", "reason": "holiday"}).status_code == 303
    assert inside.get("/me").status_code == 403
    assert factory.read(User, user.id).status == "frozen"
    assert admin.post(f"{page}/status", {"status": "nonsense"}).status_code == 422
    assert admin.post(f"{page}/status", {"status": "active"}).status_code == 303
    assert admin.post(f"{page}/status", {"status": "left"}).status_code == 303
    assert admin.post(f"{page}/reset", {}).status_code == 409
    lines = look(runtime, select(AuditEntry).where(AuditEntry.entity_id == user.id).order_by(AuditEntry.id))
    assert [(line.action, line.reason) for line in lines] == [
        ("users.freeze", "holiday"), ("users.unfreeze", ""), ("users.leave", ""),
    ]  # fmt: skip


def test_an_administrator_cannot_freeze_the_own_account(runtime, browser, factory):
    user = factory.user("system_admin")
    inside = browser.sign_in(user)
    assert inside.post(f"/settings/users/{user.id}/status", {"status": "frozen"}).status_code == 409
    assert factory.read(User, user.id).status == "active"


def test_roles_are_given_for_a_department_and_a_time_and_taken_away(runtime, factory, guard):
    user, other = factory.user(role=""), factory.user()
    department = factory.department("East")
    page = f"/settings/users/{user.id}"
    form = {"role": "finance", "department_id": str(department.id), "valid_to": "2099-12-31"}
    assert guard.post(f"{page}/roles", form).status_code == 303
    assert guard.post(f"{page}/roles", {**form, "valid_to": "2001-01-01"}).status_code == 422
    assert guard.post(f"{page}/roles", {**form, "valid_to": "2099-02-31"}).status_code == 422
    assert guard.post(f"{page}/roles", {"role": "emperor"}).status_code == 422
    shown = guard.get(page)
    assert "for East" in shown.text
    (held,) = look(runtime, select(RoleAssignment).where(RoleAssignment.user_id == user.id))
    assert held.valid_to.isoformat() == "2099-12-31T16:00:00+00:00", "until the end of the day in Shanghai"
    assert guard.post(f"/settings/users/{other.id}/roles/{held.id}/end", {}).status_code == 409
    assert guard.post(f"{page}/roles/{held.id}/end", {}).status_code == 303
    assert look(runtime, select(RoleAssignment).where(RoleAssignment.user_id == user.id)) == []


def test_colleagues_see_how_to_reach_each_other_and_no_more(browser, factory):
    reader = browser.sign_in(factory.user())
    user = factory.user(notes="a private note", key_serial="K-1234", extension="8123", employee_no="E-5555")
    shown = reader.get(f"/settings/users/{user.id}").text
    assert "8123" in shown
    for hidden in ("a private note", "K-1234", "E-5555", "/reset", "/status"):
        assert hidden not in shown
    for path in ("/settings/users/new", f"/settings/users/{user.id}"):
        assert reader.post(path, FORM).status_code == 403
    assert reader.post(f"/settings/users/{user.id}/reset", {}).status_code == 403


def test_the_list_finds_by_every_field_and_pages(browser, factory, admin):
    department = factory.department("East")
    for number in range(55):
        factory.user(role="", name=f"Staff {number:02}", login=f"staff_{number:02}", department=department)
    first = admin.get("/settings/users", params={"department": str(department.id)})
    assert first.text.count('class="c-name"') == 50
    following = re.search(r'rel="next" href="([^"]+)"', first.text)[1].replace("&amp;", "&")
    assert admin.get(following).text.count('class="c-name"') == 5
    for text in ("staff 07", "STAFF_07"):
        assert admin.get("/settings/users", params={"q": text}).text.count('class="c-name"') == 1
    assert admin.get("/settings/users", params={"q": "%"}).text.count('class="c-name"') != 56
    assert admin.get("/settings/users", params={"department": "nonsense"}).status_code == 200
