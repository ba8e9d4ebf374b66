"""Signing in and out through the pages."""

from __future__ import annotations

import statistics
import time
from datetime import timedelta
from urllib.parse import urljoin, urlsplit

import pytest
from argon2 import PasswordHasher
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import select, update

from platform_core.audit.models import AuditEntry
from platform_core.kernel.clock import freeze, now
from platform_core.permissions import services as roles
from platform_core.testing.browser import Browser
from platform_core.users import accounts, throttle
from platform_core.users.models import LoginThrottle, SignInSession, User
from platform_core.users.routes import local_path

PASSWORD = "correct horse battery"


def sign_in(browser, login, password=PASSWORD, **options):
    return browser.post("/login", {"login": login, "password": password, "next": "/me"}, **options)


def cookie_of(response):
    return response.headers["set-cookie"].partition(";")[0]


def with_cookie(runtime, browser, cookie):
    return Browser(runtime, browser._client, cookie)


def look(runtime, statement):
    """Rows as they are now, without holding a transaction open."""
    with runtime.database.system_session("look", write=False) as session:
        return list(session.scalars(statement))


def trail(runtime, action="users.login"):
    return look(runtime, select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id))


def test_the_page_needs_nobody_signed_in_and_says_so_in_both_languages(browser):
    chinese = browser.get("/login")
    english = browser.get("/login", headers={"Accept-Language": "en-GB,en;q=0.9"})
    assert chinese.status_code == english.status_code == 200
    assert "登录名" in chinese.text
    assert "Sign-in name" in english.text


def test_right_name_and_password_open_a_session(runtime, browser, account, count_queries, factory):
    user = account()
    with count_queries(at_most=23):  # one tells its owner of the first browser, one looks for one too many
        response = sign_in(browser, user.login.upper() + " ")
    assert response.status_code == 303
    assert response.headers["location"] == "/me"
    cookie = response.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    page = with_cookie(runtime, browser, cookie_of(response)).get("/me")
    assert page.status_code == 200
    assert user.name in page.text
    (entry,) = trail(runtime)
    assert (entry.result, entry.actor_id, entry.ip) == ("ok", user.id, "testclient")
    assert factory.read(User, user.id).last_login_at is not None


def test_the_database_never_holds_the_cookie(runtime, browser, account):
    token = cookie_of(sign_in(browser, account().login)).partition("=")[2]
    stored = look(runtime, select(SignInSession.digest))[0]
    assert token.encode() not in bytes(stored)
    assert len(stored) == 32


@pytest.mark.parametrize("login", ["{known}", "nobody-here", "", "x" * 500, "' OR 1=1 --"])
def test_wrong_names_and_passwords_get_one_answer(runtime, browser, account, login):
    user = account(language="")
    response = sign_in(browser, login.format(known=user.login), "not the password", headers={"Accept-Language": "en"})
    assert response.status_code == 422
    assert "Name or password is not right." in response.text
    assert "set-cookie" not in response.headers
    (entry,) = trail(runtime)
    assert entry.result == "failed"
    assert entry.ip == "testclient"
    known = login == "{known}"
    assert (entry.actor_id == user.id) is known
    assert entry.actor_label == (user.name if known else "")


def test_a_password_typed_into_the_name_field_is_kept_nowhere(runtime, browser, account):
    sign_in(browser, "my secret passphrase", "x")
    (entry,) = trail(runtime)
    kept = f"{entry.actor_label}{entry.entity_label}{entry.reason}{entry.before}{entry.after}"
    kept += "".join(look(runtime, select(LoginThrottle.key)))
    assert "secret" not in kept


def test_unknown_names_take_as_long_as_known_ones(browser, account):
    user = account()
    sign_in(browser, "warm-up", "x")

    def spent(login):
        began = time.process_time()  # of the server too, which is in this process; other programs do not count
        assert sign_in(browser, login, "not the password").status_code == 422
        return time.process_time() - began

    both = [(spent(user.login), spent("nobody-here")) for _ in range(3)]
    known, unknown = (statistics.median(times) for times in zip(*both, strict=True))
    assert 0.4 < unknown / known < 2.5


def test_after_five_failures_an_account_waits_longer_each_time(runtime, browser, account):
    user = account()
    for _ in range(5):
        assert sign_in(browser, user.login, "wrong").status_code == 422
    waits = []
    for _ in range(3):
        response = sign_in(browser, user.login, headers={"Accept-Language": "en"})
        assert response.status_code == 429
        assert "Please wait" in response.text
        waits.append(int(response.headers["retry-after"]))
        with runtime.database.system_session("let the wait pass") as other:
            other.execute(
                update(LoginThrottle).where(LoginThrottle.key.startswith("account:")).values(blocked_until=now())
            )
        assert sign_in(browser, user.login, "wrong").status_code == 422
    assert [round(wait / 30) for wait in waits] == [1, 2, 4]
    assert [entry.result for entry in trail(runtime)].count("denied") == 3


def test_the_right_password_does_not_help_while_waiting_and_unknown_names_wait_alike(browser, account):
    user = account()
    for login in (user.login, "nobody-here"):
        for _ in range(5):
            sign_in(browser, login, "wrong")
    answers = [sign_in(browser, login, headers={"Accept-Language": "en"}) for login in (user.login, "nobody-here")]
    assert [answer.status_code for answer in answers] == [429, 429]
    assert abs(int(answers[0].headers["retry-after"]) - int(answers[1].headers["retry-after"])) <= 5


def test_success_clears_the_account_but_not_the_address(runtime, browser, account):
    user = account()
    for _ in range(3):
        sign_in(browser, user.login, "wrong")
    assert sign_in(browser, user.login).status_code == 303
    rows = {row.key.partition(":")[0]: row.failures for row in look(runtime, select(LoginThrottle))}
    assert rows == {"address": 3}


def test_an_address_that_tries_many_accounts_waits(browser, account):
    user = account()
    for number in range(throttle.ADDRESS_LIMIT):
        assert sign_in(browser, f"guess{number}", "wrong").status_code == 422
    assert sign_in(browser, user.login).status_code == 429


def test_the_wait_grows_to_fifteen_minutes_and_starts_afresh_after_an_hour(session):
    assert [throttle.wait_seconds(failures, 5) for failures in (1, 4, 5, 6, 9, 10, 500)] == [
        0,
        0,
        30,
        60,
        480,
        900,
        900,
    ]
    keys = throttle.Keys.of("somebody", "10.0.0.1")
    start = now()
    for _ in range(5):
        with freeze(start):
            assert throttle.take(session, keys) == 0
            session.flush()
    with freeze(start + timedelta(seconds=10)):
        assert 19 <= throttle.take(session, keys) <= 21
    with freeze(start + timedelta(hours=1, seconds=1)):
        assert throttle.take(session, keys) == 0
        session.flush()
        assert throttle.take(session, keys) == 0


@pytest.mark.parametrize(("status", "word"), [("frozen", "frozen"), ("left", "not right")])
def test_frozen_and_departed_accounts_stay_outside(runtime, browser, account, status, word):
    user = account()
    with runtime.database.system_session("test") as session:
        accounts.set_status(session, None, user.id, status)
    response = sign_in(browser, user.login, headers={"Accept-Language": "en"})
    assert response.status_code == 422
    assert word in response.text
    wrong = sign_in(browser, user.login, "wrong", headers={"Accept-Language": "en"})
    assert "frozen" not in wrong.text


def test_freezing_ends_sessions_and_tokens_at_once(runtime, browser, account):
    user = account()
    inside = browser.sign_in(user)
    program = browser.token(user)
    assert inside.get("/me").status_code == 200
    assert program.get("/api/v1/users/me").status_code == 200
    with runtime.database.system_session("test") as session:
        accounts.set_status(session, None, user.id, "frozen")
    assert inside.get("/me").status_code == 403
    assert program.get("/api/v1/users/me").status_code == 403
    with runtime.database.system_session("test") as session:
        accounts.set_status(session, None, user.id, "active")
    assert inside.get("/me").status_code == 303, "an ended session does not come back"
    assert sign_in(browser, user.login).status_code == 303


def test_without_a_role_nobody_signs_in_and_the_page_says_why(runtime, browser, account):
    user = account(role="")
    response = sign_in(browser, user.login, headers={"Accept-Language": "en"})
    assert response.status_code == 422
    assert "no role yet" in response.text
    assert trail(runtime)[0].reason == "no role"
    with runtime.database.system_session("test") as other:
        roles.assign_role(other, None, user.id, "coordinator")
    assert sign_in(browser, user.login).status_code == 303


def test_a_token_brought_along_is_never_adopted(runtime, browser, account):
    user = account()
    response = sign_in(browser, user.login, headers={"Cookie": "baton=chosen-by-somebody-else"})
    assert cookie_of(response) != "baton=chosen-by-somebody-else"
    assert with_cookie(runtime, browser, "baton=chosen-by-somebody-else").get("/me").status_code == 303


def test_signing_in_again_ends_the_session_before(runtime, browser, account):
    user = account()
    first = cookie_of(sign_in(browser, user.login))
    second = cookie_of(sign_in(browser, user.login, headers={"Cookie": first}))
    assert first != second
    assert with_cookie(runtime, browser, first).get("/me").status_code == 303
    assert with_cookie(runtime, browser, second).get("/me").status_code == 200


def test_signing_out_ends_the_session_and_cleans_the_browser(runtime, browser, account):
    inside = browser.sign_in(account())
    response = inside.post("/logout", {})
    assert response.status_code == 303
    assert "Max-Age=0" in response.headers["set-cookie"]
    assert '"storage"' in response.headers["clear-site-data"]
    assert inside.get("/me").status_code == 303
    assert [entry.result for entry in trail(runtime, "users.logout")] == ["ok"]


@pytest.mark.parametrize(
    "values", [{"seen_at": timedelta(minutes=-31)}, {"expires_at": timedelta(seconds=-1)}, {"revoked_at": timedelta()}]
)
def test_idle_expired_and_ended_sessions_lead_to_the_sign_in_page(runtime, browser, account, values):
    inside = browser.sign_in(account())
    with runtime.database.system_session("test") as session:
        session.execute(update(SignInSession).values(**{name: now() + delta for name, delta in values.items()}))
    response = inside.get("/me")
    assert response.status_code == 303
    assert response.headers["location"] == "/login?next=/me"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-CSRF-Token": ""},
        {"X-CSRF-Token": "wrong"},
        {"Origin": "https://elsewhere.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_forged_forms_change_nothing(browser, account, headers):
    inside = browser.sign_in(account())
    assert inside.post("/logout", {}, headers=headers).status_code == 403
    assert inside.get("/me").status_code == 200


def test_a_sign_in_form_on_another_site_is_refused(browser, account):
    user = account()
    assert sign_in(browser, user.login, headers={"Origin": "https://elsewhere.example"}).status_code == 403
    assert sign_in(browser, user.login, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


@given(st.text(alphabet="/\\.:@?#%abc \t\n\r\0htps", max_size=30))
@example("//evil.example")
@example("/\\evil.example")
@example("https://evil.example")
@example("/\t/evil.example")
@example("javascript:alert(1)")
def test_a_sign_in_link_never_leads_elsewhere(target):
    path = local_path(target)
    assert path.startswith("/")
    assert urlsplit(urljoin("https://baton.example/login", path)).netloc == "baton.example"
    assert not set(path) & set("\\\t\n\r\0")


def test_local_paths_are_kept():
    assert local_path("/customers?view=mine#top") == "/customers?view=mine#top"


def test_old_hashes_are_renewed_at_sign_in(runtime, browser, account, factory):
    user = account()
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with runtime.database.system_session("test") as other:
        other.get_one(User, user.id).password_hash = weak
    assert sign_in(browser, user.login).status_code == 303
    assert "m=19456,t=2" in factory.read(User, user.id).password_hash


def test_the_first_sign_in_keeps_the_browsers_language(runtime, browser, account, factory):
    user = account(language="")
    sign_in(browser, user.login, headers={"Accept-Language": "en"})
    assert factory.read(User, user.id).language == "en"


def test_appearance_and_language_are_chosen_before_and_after_sign_in(runtime, browser, account, factory):
    outside = browser.post("/me/preferences", {"scheme": "dark", "lang": "en", "next": "/login"})
    assert outside.status_code == 303
    cookies = " ".join(outside.headers.get_list("set-cookie"))
    assert "baton-scheme=dark" in cookies
    assert "baton-language=en" in cookies
    page = browser.get("/login", headers={"Cookie": "baton-scheme=dark; baton-language=en"})
    assert 'data-scheme="dark"' in page.text
    assert "Sign-in name" in page.text
    user = account()
    inside = browser.sign_in(user)
    assert inside.post("/me/preferences", {"scheme": "light", "lang": "zh"}).status_code == 303
    row = factory.read(User, user.id)
    assert (row.scheme, row.language) == ("light", "zh")
    assert inside.post("/me/preferences", {"scheme": "dark"}, headers={"X-CSRF-Token": "no"}).status_code == 403
    assert inside.post("/me/preferences", {"scheme": "pink", "lang": "xx"}).status_code == 303
    assert factory.read(User, user.id).scheme == "light"
