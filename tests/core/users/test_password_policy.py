"""What the house asks of passwords, where they are chosen and when they have to be changed."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from platform_core.audit.models import AuditEntry
from platform_core.kernel.clock import freeze, now
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import speaking
from platform_core.permissions import setup
from platform_core.users import accounts, passwordpolicy, passwords
from platform_core.users.keymodels import FormerPassword
from platform_core.users.models import User
from platform_core.users.passwordpolicy import Policy, PolicyInput, kinds
from tests.core.users.keyring import ENGLISH, PASSWORD, Person, look

MIXED = "Green-tea-07-river"
MLPS = {"profile": "mlps", "minimum": "10", "history": "2", "max_age_days": "90"}


def decide(runtime, factory, **fields):
    actor = factory.actor(factory.user(role="security_admin"))
    with runtime.database.system_session("test") as session:
        passwordpolicy.write(session, actor, PolicyInput(**{"profile": "asvs", **fields}))


def give(runtime, user, password):
    with runtime.database.system_session("test") as session:
        accounts.set_password(session, session.get_one(User, user.id), password)


def code_for(runtime, user):
    with runtime.database.system_session("test") as session:
        return accounts.issue_code(session, None, session.get_one(User, user.id))


@pytest.mark.parametrize(
    ("password", "count"), [("abcdefgh", 1), ("abcDEF", 2), ("abcDEF12", 3), ("aB1-", 4), ("三只小猪", 1), ("", 0)]
)
def test_kinds_of_characters(password, count):
    assert kinds(password) == count


def test_the_profiles_differ_in_what_they_ask():
    house, audited = Policy(), Policy("mlps", 12)
    with speaking("en"):
        assert house.problem("correct horse battery") == ""
        assert "three of these" in audited.problem("correct horse battery")
        assert audited.problem(MIXED) == ""
        assert "12" in audited.problem("Green-te-07")
        assert "own name" in Policy("asvs", 8).problem("wangfang1", login="wangfang")
        named = Policy(words="Qiheng Consulting, 启衡")
        for guess in ("qiheng2026!!", "Consulting2026", "启衡启衡启衡2026"):
            assert "name of the house" in named.problem(guess), guess
            assert "name of the house" not in house.problem(guess)
        assert named.problem("seven boats leave qiheng at dawn") == ""
        assert "12 characters with three" in audited.hint()


@pytest.mark.parametrize("password", ["Sunshine2026!", "1qaz2wsx3edc", "Jennifer2026", "iloveyou2", "Password123"])
def test_leaked_passwords_are_refused_under_both_profiles(password):
    with speaking("en"):
        for policy in (Policy(minimum=8), Policy("mlps", 8)):
            assert "first that others try" in policy.problem(password)


@given(st.text(max_size=40), st.integers(8, 64))
def test_what_is_too_short_is_never_accepted(password, minimum):
    if len(password) < minimum:
        for profile in ("asvs", "mlps"):
            assert Policy(profile, minimum).problem(password)


def test_the_security_administrator_chooses_on_the_page(runtime, browser, factory):
    security = Person(runtime, browser, factory.user(role="security_admin"))
    at = "/settings/sign-in/passwords"
    assert security.page.post(at, MLPS | {"words": "Qiheng"}).status_code == 303
    with runtime.database.system_session("look", write=False) as session:
        assert passwordpolicy.read(session) == Policy("mlps", 10, 2, 90, "Qiheng")
    assert 'value="Qiheng"' in security.page.get("/settings/sign-in").text
    entry = look(runtime, select(AuditEntry).where(AuditEntry.action == "users.password_policy"))[0]
    assert (entry.before["profile"], entry.after["profile"]) == ("asvs", "mlps")
    for wrong, word in (
        ({"max_age_days": "0"}, "1 to 90 days"), ({"max_age_days": "365"}, "1 to 90 days"), ({"history": "0"}, "at least one"),
        ({"minimum": "4"}, "8 or more"), ({"profile": "none"}, "choose from the list"),
    ):  # fmt: skip
        refused = security.page.post(at, MLPS | wrong)
        assert refused.status_code == 422
        assert word in refused.text
    system = Person(runtime, browser, factory.user(role="system_admin"))
    assert system.page.post(at, MLPS).status_code == 403


@pytest.mark.parametrize("where", ["reset", "own page"])
def test_it_holds_wherever_passwords_are_chosen(runtime, browser, factory, account, where):
    user = account()
    decide(runtime, factory, profile="mlps", minimum=12, history=1, max_age_days=90)
    form = {"current": PASSWORD, "password": "only small letters here", "again": "only small letters here"}
    if where == "reset":
        url, window = f"/reset/{code_for(runtime, user)}", browser
    else:
        url, window = "/me/password", browser.sign_in(user)
    refused = window.post(url, form, headers=ENGLISH)
    assert refused.status_code == 422
    assert "three of these" in refused.text
    assert "At least 12 characters" in refused.text
    assert window.post(url, form | {"password": MIXED, "again": MIXED}).status_code == 303


def test_it_holds_when_the_house_is_set_up(runtime, browser, factory):
    decide(runtime, factory, minimum=20)
    with runtime.database.system_session("test") as session:
        code = setup.issue(session)
    form = {"login": "boss", "name": "Boss", "password": "nineteen characters", "again": "nineteen characters"}
    refused = browser.post(f"/setup/{code}", form, headers=ENGLISH)
    assert refused.status_code == 422
    assert "At least 20 characters" in refused.text
    note = browser.post(f"/setup/{code}/check", {"password": "nineteen characters"}, headers=ENGLISH)
    assert "At least 20 characters" in note.text


def test_the_field_says_at_once_what_is_wrong(runtime, browser, account):
    user = account(login="wangfang")
    inside, code = browser.sign_in(user), code_for(runtime, user)
    for window, url in ((inside, "/me/password/check"), (browser, f"/reset/{code}/check")):
        said = {
            typed: re.sub(r"<[^>]+>", "", window.post(url, {"password": typed}, headers=ENGLISH).text).strip()
            for typed in ("short", "wangfang-82", "sunshine2026", PASSWORD, "")
        }
        assert "At least 10" in said["short"]
        assert "own name" in said["wangfang-82"]
        assert "first that others try" in said["sunshine2026"]
        assert said[PASSWORD] == "This password may be used."
        assert said[""] == ""
    assert browser.post("/reset/not-a-code/check", {"password": "x"}).status_code == 404
    kept = look(runtime, select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "users.password"))
    assert kept == [1], "asking sets nothing"


def test_former_passwords_do_not_come_back_until_they_are_forgotten(runtime, factory, account):
    user = account()
    decide(runtime, factory, history=2)
    used = [f"green tea on day {number}" for number in range(4)]
    for password in used[:3]:
        give(runtime, user, password)
    with speaking("en"):
        for password in used[:3]:
            with pytest.raises(Invalid) as refused:
                give(runtime, user, password)
            assert "used this password before" in refused.value.fields["password"]
    assert len(look(runtime, select(FormerPassword.id))) == 2
    give(runtime, user, used[3])
    give(runtime, user, used[0])
    decide(runtime, factory)
    give(runtime, user, used[3])
    assert look(runtime, select(FormerPassword.id)) == [], "a house that remembers none keeps none"


def test_an_old_password_signs_nobody_in_and_is_changed_first(runtime, browser, factory, account):
    user = account()
    decide(runtime, factory, profile="mlps", history=1, max_age_days=90)
    form = {"login": user.login, "password": PASSWORD, "next": "/"}
    assert browser.post("/login", form).headers["location"] == "/"
    with freeze(now() + timedelta(days=91)):
        sent = browser.post("/login", form, headers=ENGLISH)
        assert sent.headers["location"].startswith("/reset/")
        assert "set-cookie" not in sent.headers
        page = browser.get(sent.headers["location"], headers=ENGLISH)
        assert "changed here after 90 days" in page.text
        url = sent.headers["location"].partition("?")[0]
        again = browser.post(url, {"password": PASSWORD, "again": PASSWORD}, headers=ENGLISH)
        assert again.status_code == 422
        assert browser.post(url, {"password": MIXED, "again": MIXED}).headers["location"] == "/login?chosen=1"
        assert browser.post("/login", form | {"password": MIXED}).headers["location"] == "/"


def test_a_stored_policy_of_another_version_is_the_default(runtime, factory):
    decide(runtime, factory, minimum=20)
    with runtime.database.system_session("test") as session:
        from platform_core.kernel.models import SettingValue

        session.get_one(SettingValue, passwordpolicy.SETTING).value = {"colour": "blue"}
        session.flush()
        assert passwordpolicy.read(session) == Policy(minimum=passwords.MINIMUM)
