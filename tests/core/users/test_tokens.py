"""One's own API tokens: made, used, shown, revoked."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.kernel.clock import freeze, now
from platform_core.kernel.models import IdempotencyKey
from platform_core.testing.browser import Browser
from platform_core.users import tokens
from platform_core.users.models import ApiToken


def make(person, name="nightly", days="90"):
    answer = person.post("/me/tokens", {"name": name, "days": days, "_csrf": person.csrf, "_key": "k" * 32})
    found = re.search(r'value="(baton_[^"]+)"', answer.text)
    return answer.status_code, found[1] if found else ""


def program(browser, text):
    return Browser(browser._runtime, browser._client, f"Bearer {text}")


@pytest.fixture
def user(factory):
    return factory.user(department=factory.department(), name="Carol")


def test_a_token_is_shown_once_and_acts_as_its_maker(browser, user, runtime, count_queries):
    person = browser.sign_in(user)
    status, text = make(person)
    assert status == 200
    assert program(browser, text).get("/api/v1/users/me").json()["name"] == "Carol"
    with count_queries(at_most=12):
        page = person.get("/me/tokens").text
    assert "nightly" in page
    assert text not in page
    assert "/me/tokens" in person.get("/me").text
    with runtime.database.system_session("look", write=False) as session:
        assert session.scalars(select(IdempotencyKey)).all() == []
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "users.token")).one()
        row = session.scalars(select(ApiToken)).one()
    assert entry.after == {"name": "nightly", "days": 90}
    assert entry.actor_id == user.id
    assert timedelta(days=89) < row.expires_at - now() <= timedelta(days=90)
    with freeze(now() + timedelta(days=91)):
        assert program(browser, text).get("/api/v1/users/me").status_code == 401
        assert [tokens.has_ended(token) for token in [row]] == [True]


def test_revoking_ends_it_at_once_and_only_one_s_own(browser, user, runtime, factory):
    person = browser.sign_in(user)
    _status, text = make(person)
    with runtime.database.system_session("look", write=False) as session:
        token_id = session.scalars(select(ApiToken.id)).one()
    other = browser.sign_in(factory.user())
    assert other.post(f"/me/tokens/{token_id}/revoke", {"_csrf": other.csrf}).status_code == 404
    assert person.post(f"/me/tokens/{token_id}/revoke", {"_csrf": person.csrf}).status_code == 303
    assert program(browser, text).get("/api/v1/users/me").status_code == 401
    assert "nightly" not in person.get("/me/tokens").text
    assert person.post(f"/me/tokens/{token_id}/revoke", {"_csrf": person.csrf}).status_code == 404


def test_an_administrator_sees_and_ends_them(browser, user, runtime, factory):
    _status, text = make(browser.sign_in(user))
    with runtime.database.system_session("look", write=False) as session:
        token_id = session.scalars(select(ApiToken.id)).one()
    url = f"/settings/users/{user.id}"
    admin = browser.sign_in(factory.user("system_admin", name="Ada"))
    page = admin.get(url).text
    assert "nightly" in page
    assert text not in page
    chinese = browser.sign_in(factory.user("system_admin", language="zh")).get(url).text
    assert "吊销" in chinese
    assert "Revoke" not in chinese
    reader = browser.sign_in(factory.user("coordinator"))
    assert "nightly" not in reader.get(url).text
    assert reader.post(f"{url}/tokens/{token_id}/revoke", {"_csrf": reader.csrf}).status_code == 403
    assert admin.post(f"{url}/tokens/{token_id}/revoke", {"_csrf": admin.csrf}).status_code == 303
    assert program(browser, text).get("/api/v1/users/me").status_code == 401
    with runtime.database.system_session("look", write=False) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "users.revoke_token")).one()
    assert (entry.actor_label, entry.entity_id) == ("Ada", user.id)


def test_refused_are_programs_blanks_and_too_many(browser, user, monkeypatch):
    person = browser.sign_in(user)
    _status, text = make(person)
    assert program(browser, text).post("/me/tokens", {"name": "another", "days": "365"}).status_code == 403
    for name, days in (("", "30"), ("x", "0"), ("x", "9999"), ("x", "soon"), ("x" * 81, "30")):
        assert make(person, name, days)[0] == 422
    monkeypatch.setattr(tokens, "MOST", 1)
    status, made = make(person, "second")
    assert (status, made) == (409, "")
    assert "Revoke one first" in person.post("/me/tokens", {"name": "x", "_csrf": person.csrf}).text


def test_a_token_that_changes_rights_takes_a_proof_and_is_short_lived(browser, runtime, factory):
    person = browser.sign_in(factory.user("security_admin"))
    asked = {"name": "roles", "days": "30", "changes_rights": "1"}
    with freeze(now() + timedelta(minutes=6)):
        assert "confirm?next=/me/tokens" in person.get("/me/tokens").text
        sent = person.post("/me/tokens", asked)
        assert sent.headers["location"] == "/me/keys/confirm?next=/me/tokens"
        assert make(person)[0] == 200, "an ordinary one asks nobody"
    assert 'name="changes_rights"' in person.get("/me/tokens").text
    too_long = person.post("/me/tokens", asked | {"days": "90"})
    assert (too_long.status_code, "after 30 days" in too_long.text) == (422, True)
    text = re.search(r'value="(baton_[^"]+)"', person.post("/me/tokens", asked).text)[1]
    role = {"name": "Night shift", "code": "night"}
    assert program(browser, text).post("/api/v1/roles", json=role).status_code == 201
    assert "changes rights" in person.get("/me/tokens").text
    with runtime.database.system_session("look", write=False) as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "users.token")).all()
    assert sorted(entry.after.get("changes_rights", False) for entry in entries) == [False, True]


def test_a_page_of_one_s_own_that_changes_rights_over_the_api_is_asked_as_well(browser, factory):
    person = browser.sign_in(factory.user("security_admin"))
    with freeze(now() + timedelta(minutes=6)):
        refused = person.post("/api/v1/roles", json={"name": "Night shift", "code": "night"})
        assert (refused.status_code, "/me/keys/confirm" in refused.json()["title"]) == (403, True)
    assert person.post("/api/v1/roles", json={"name": "Night shift", "code": "night"}).status_code == 201
