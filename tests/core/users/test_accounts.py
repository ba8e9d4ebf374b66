"""Accounts, one-time links, tokens, one's own account."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from platform_core.audit.models import AuditEntry
from platform_core.kernel.clock import freeze, now
from platform_core.kernel.errors import BatonError, Conflict, Forbidden, Invalid, NotFound
from platform_core.testing.browser import Browser
from platform_core.users import accounts, jobs, sessions
from platform_core.users.accounts import UserInput
from platform_core.users.models import ApiToken, LoginThrottle, OneTimeCode, SignInSession, User

PASSWORD = "correct horse battery"
NEW = "green tea in the afternoon"


def look(runtime, statement):
    """Rows as they are now, without holding a transaction open."""
    with runtime.database.system_session("look", write=False) as session:
        return list(session.scalars(statement))


def issue(runtime, user):
    with runtime.database.system_session("test") as session:
        return accounts.issue_code(session, None, session.get_one(User, user.id))


def test_login_names_are_unique_whatever_their_case(session):
    accounts.create_user(session, None, UserInput(login="Wang.Fang", name="Wang Fang"))
    assert accounts.find_user(session, " WANG.FANG ").login == "wang.fang"
    with pytest.raises(Invalid) as error:
        accounts.create_user(session, None, UserInput(login="wang.fang", name="Other"))
    assert set(error.value.fields) == {"login"}


def test_only_holders_of_the_right_manage_accounts(session, factory):
    user = factory.user()
    actor = factory.actor(user)
    for call in (
        lambda: accounts.create_user(session, actor, UserInput(login="new", name="New")),
        lambda: accounts.update_user(session, actor, user.id, UserInput(login="new", name="New")),
        lambda: accounts.set_status(session, actor, user.id, "active"),
        lambda: accounts.issue_code(session, actor, user),
    ):
        with pytest.raises(Forbidden):
            call()


def test_nobody_shuts_themselves_out(session, factory):
    admin = factory.user("system_admin")
    with pytest.raises(Conflict):
        accounts.set_status(session, factory.actor(admin), admin.id, "frozen")


def test_a_reset_link_works_once_and_ends_everything_before(runtime, browser, account):
    user = account()
    inside, program = browser.sign_in(user), browser.token(user)
    code = issue(runtime, user)
    assert browser.get(f"/reset/{code}").status_code == 200
    assert browser.post(f"/reset/{code}", {"password": "short", "again": "short"}).status_code == 422
    assert browser.post(f"/reset/{code}", {"password": NEW, "again": NEW + "!"}).status_code == 422
    assert browser.post(f"/reset/{code}", {"password": NEW, "again": NEW}).status_code == 303
    assert browser.get(f"/reset/{code}").status_code == 404
    assert browser.post(f"/reset/{code}", {"password": PASSWORD, "again": PASSWORD}).status_code == 404
    assert inside.get("/me").status_code == 303
    assert program.get("/api/v1/users/me").status_code == 401
    assert browser.post("/login", {"login": user.login, "password": PASSWORD}).status_code == 422
    assert browser.post("/login", {"login": user.login, "password": NEW}).status_code == 303


def test_of_two_who_redeem_a_code_at_once_one_wins(runtime, account):
    user = account()
    code = issue(runtime, user)
    outcomes, start = [], threading.Barrier(2, timeout=10)

    def redeem():
        start.wait()
        try:
            with runtime.database.system_session("test") as session:
                accounts.redeem(session, code)
            outcomes.append("won")
        except BatonError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=redeem) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["not_found", "won"]


def test_a_reset_link_expires_and_a_newer_one_ends_it(runtime, session, account):
    user = account()
    old, new = issue(runtime, user), issue(runtime, user)
    with pytest.raises(NotFound):
        accounts.holder_of(session, old)
    assert accounts.holder_of(session, new).id == user.id
    with freeze(now() + timedelta(minutes=9)):
        assert accounts.holder_of(session, new).id == user.id
    with freeze(now() + timedelta(minutes=10, seconds=1)), pytest.raises(NotFound):
        accounts.holder_of(session, new)
    with pytest.raises(NotFound):
        accounts.holder_of(session, "guessed")


def test_codes_and_tokens_are_stored_as_digests_only(runtime, account):
    user = account()
    code = issue(runtime, user)
    assert all(code.encode() not in bytes(digest) for digest in look(runtime, select(OneTimeCode.digest)))


def test_a_token_acts_until_it_expires_or_is_revoked(runtime, browser, account):
    user = account()
    with runtime.database.system_session("test") as session:
        text = sessions.create_api_token(session, session.get_one(User, user.id), "test", days=1)
    program = Browser(runtime, browser._client, f"Bearer {text}")
    assert program.get("/api/v1/users/me").json()["login"] == user.login
    with runtime.database.system_session("test") as session:
        session.execute(update(ApiToken).values(expires_at=now()))
    assert program.get("/api/v1/users/me").status_code == 401
    with runtime.database.system_session("test") as session:
        session.execute(update(ApiToken).values(expires_at=None))
    assert program.get("/api/v1/users/me").status_code == 200
    with runtime.database.system_session("test") as session:
        session.execute(update(ApiToken).values(revoked_at=now()))
    assert program.get("/api/v1/users/me").status_code == 401


def test_the_own_page_shows_where_one_is_signed_in_and_ends_it(runtime, browser, account, count_queries):
    user = account()
    here, there = browser.sign_in(user), browser.sign_in(user)
    with count_queries(at_most=12):
        page = here.get("/me")
    assert page.status_code == 200
    assert page.text.count("/end") == 1 + 1, "one button for the other place, one for all others"
    other = look(runtime, select(SignInSession.id).order_by(SignInSession.id))[1]
    assert here.post(f"/me/sessions/{other}/end", {}).status_code == 303
    assert there.get("/me").status_code == 303
    third = browser.sign_in(user)
    assert here.post("/me/sessions/end-others", {}).status_code == 303
    assert third.get("/me").status_code == 303
    assert here.get("/me").status_code == 200


def test_nobody_ends_sessions_of_others(runtime, browser, account):
    mine, theirs = account(), account()
    victim = browser.sign_in(theirs)
    foreign = look(runtime, select(SignInSession.id))[0]
    assert browser.sign_in(mine).post(f"/me/sessions/{foreign}/end", {}).status_code == 404
    assert victim.get("/me").status_code == 200


def test_changing_the_password_keeps_this_browser_and_ends_the_others(runtime, browser, account):
    user = account()
    here, there = browser.sign_in(user), browser.sign_in(user)
    form = {"current": PASSWORD, "password": NEW, "again": NEW}
    wrong = here.post("/me/password", {**form, "current": "not it"})
    assert wrong.headers["location"] == "/me?done=wrong"
    assert here.post("/me/password", {**form, "again": "other"}).status_code == 422
    assert here.post("/me/password", {**form, "password": "password1234", "again": "password1234"}).status_code == 422
    done = here.post("/me/password", form)
    assert done.headers["location"] == "/me?done=password"
    renewed = Browser(runtime, browser._client, done.headers["set-cookie"].partition(";")[0])
    assert renewed.get("/me").status_code == 200
    assert here.get("/me").status_code == 303
    assert there.get("/me").status_code == 303
    results = look(runtime, select(AuditEntry.result).where(AuditEntry.action == "users.password"))
    assert sorted(results) == ["failed", "ok", "ok"]


def test_guesses_at_the_present_password_are_slowed_down(browser, account):
    inside = browser.sign_in(account())
    form = {"current": "not it", "password": NEW, "again": NEW}
    for _ in range(5):
        assert inside.post("/me/password", form).headers["location"] == "/me?done=wrong"
    assert inside.post("/me/password", {**form, "current": PASSWORD}).headers["location"] == "/me?done=wait"


def test_own_settings_take_known_values_only(browser, account, factory):
    user = account()
    inside = browser.sign_in(user)
    assert inside.post("/me", {"language": "zh", "scheme": "dark", "theme": "default"}).status_code == 303
    assert inside.post("/me", {"language": "xx", "scheme": "pink", "theme": "../../etc"}).status_code == 303
    row = factory.read(User, user.id)
    assert (row.language, row.scheme, row.theme) == ("zh", "dark", "default")


def test_ended_sessions_and_spent_codes_are_tidied_up(runtime, browser, account):
    user = account()
    browser.sign_in(user)
    live = browser.sign_in(user)
    issue(runtime, user)
    past = now() - timedelta(days=2)
    with runtime.database.system_session("test") as session:
        first = session.scalars(select(SignInSession).order_by(SignInSession.id)).first()
        first.expires_at = past
        session.execute(update(OneTimeCode).values(expires_at=past))
        session.add(LoginThrottle(key="account:x", failures=3, window_start=past))
    jobs.tidy(type("Context", (), {"database": runtime.database})())
    assert len(look(runtime, select(SignInSession.id))) == 1
    assert look(runtime, select(OneTimeCode.id)) == []
    assert look(runtime, select(LoginThrottle.key)) == []
    assert live.get("/me").status_code == 200


def test_the_api_lists_colleagues_by_page_without_private_fields(browser, factory):
    reader = factory.user()
    for number in range(4):
        factory.user(name=f"Colleague {number}", phone="13900001234", notes="private", key_serial="K1")
    program = browser.token(reader)
    first = program.get("/api/v1/users?limit=3").json()
    rest = program.get(f"/api/v1/users?limit=3&cursor={first['next_cursor']}").json()
    names = [item["name"] for item in first["items"] + rest["items"]]
    assert names == sorted(names)
    assert len(set(names)) == 5
    assert rest["next_cursor"] is None
    assert "private" not in str(first)
    assert "13900001234" not in str(first)
    assert program.get("/api/v1/users?limit=0").status_code == 422


def test_the_api_makes_accounts_and_departments_for_managers_only(browser, factory):
    admin = browser.token(factory.user("system_admin"))
    made = admin.request("POST", "/api/v1/users", json={"login": "new", "name": "New"})
    assert made.status_code == 201
    assert admin.get(f"/api/v1/users/{made.json()['id']}").json()["login"] == "new"
    taken = admin.request("POST", "/api/v1/users", json={"login": "new", "name": "New"})
    assert taken.status_code == 422
    assert taken.json()["errors"][0]["field"] == "login"
    top = admin.request("POST", "/api/v1/departments", json={"name": "Top", "code": "top"}).json()
    low = admin.request(
        "POST", "/api/v1/departments", json={"name": "Low", "code": "low", "parent_id": top["id"]}
    ).json()
    circle = admin.request("PATCH", f"/api/v1/departments/{top['id']}", json={"parent_id": low["id"]})
    assert circle.status_code == 409
    assert (
        admin.request("PATCH", f"/api/v1/departments/{low['id']}", json={"parent_id": None}).json()["parent_id"] is None
    )
    listed = admin.get("/api/v1/departments").json()["items"]
    assert {item["code"] for item in listed} == {"top", "low"}
    other = browser.token(factory.user())
    assert other.request("POST", "/api/v1/users", json={"login": "x2", "name": "X"}).status_code == 403
    assert other.request("POST", "/api/v1/departments", json={"name": "X", "code": "x"}).status_code == 403
