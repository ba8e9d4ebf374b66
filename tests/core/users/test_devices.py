"""Where somebody is signed in, when that ends, and the notice about a new browser."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.kernel.clock import freeze, now
from platform_core.kernel.i18n import speaking
from platform_core.kernel.secrets import token_digest
from platform_core.users import accounts, authenticators, devices, keyhelp, keys
from platform_core.users.keymodels import Device, KeyHelp, RecoveryCode, SpentChallenge
from platform_core.users.models import Notification, OneTimeCode, SignInSession, User
from tests.core.users.keyring import ENGLISH, PASSWORD, look

WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari/604.1"


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (WINDOWS, "Chrome on Windows"),
        (PHONE, "Safari on iPhone"),
        (WINDOWS.replace("Safari/537.36", "Safari/537.36 Edg/131.0.0.0"), "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/116.0 Mobile MicroMessenger/8.0", "WeChat on Android"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox on Linux"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "Unknown browser"),
    ],
)
def test_browsers_are_named_as_people_know_them(agent, name):
    with speaking("en"):
        assert devices.describe(agent) == name


def enter(browser, user, agent, cookie=""):
    headers = {"User-Agent": agent, **({"Cookie": cookie} if cookie else {})}
    answer = browser.post("/login", {"login": user.login, "password": PASSWORD, "next": "/"}, headers=headers)
    assert answer.status_code == 303
    return {part.split("=")[0]: part.partition(";")[0] for part in answer.headers.get_list("set-cookie")}


def news(runtime, user):
    of = (Notification.user_id == user.id, Notification.icon == "device-desktop")
    return look(runtime, select(Notification).where(*of))


def test_a_new_browser_is_told_to_its_owner_and_a_known_one_is_not(runtime, browser, account):
    user, other = account(), account()
    first = enter(browser, user, WINDOWS)
    assert len(news(runtime, user)) == 1, "the very first one did not choose the password"
    assert "baton-device" not in enter(browser, user, WINDOWS, first["baton-device"])
    enter(browser, other, WINDOWS, first["baton-device"])
    assert len(news(runtime, other)) == 1, "the first one of the other account, in the same browser"
    second = enter(browser, user, PHONE)
    told = news(runtime, user)
    assert [one.parameters["browser"] for one in told] == ["Chrome / Windows", "Safari / iPhone"]
    assert told[1].parameters["ip"] == "testclient"
    enter(browser, user, PHONE, second["baton-device"])
    assert len(news(runtime, user)) == 2
    assert all(len(digest) == 32 for digest in look(runtime, select(Device.digest)))
    token = first["baton-device"].partition("=")[2]
    assert token.encode() not in b"".join(look(runtime, select(Device.digest)))


def test_a_made_up_cookie_is_a_new_browser(runtime, browser, account):
    user = account()
    enter(browser, user, WINDOWS)
    enter(browser, user, WINDOWS, "baton-device=guessed")
    enter(browser, user, WINDOWS, f"baton-device={'x' * 5000}")
    assert len(news(runtime, user)) == 3


@pytest.mark.parametrize("same", [True, False])
def test_the_browser_that_chose_the_password_is_no_news(runtime, browser, factory, same):
    user = factory.user("coordinator")

    def choose(agent):
        with runtime.database.system_session("test") as session:
            code = accounts.issue_code(session, None, session.get_one(User, user.id))
        form = {"password": PASSWORD, "again": PASSWORD}
        made = browser.post(f"/reset/{code}", form, headers={"User-Agent": agent})
        return {part.split("=")[0]: part.partition(";")[0] for part in made.headers.get_list("set-cookie")}

    cookies = choose(WINDOWS)
    enter(browser, user, WINDOWS if same else PHONE, cookies["baton-device"] if same else "")
    assert len(news(runtime, user)) == (0 if same else 1)
    later = choose(PHONE)
    assert "baton-device" not in later, "a link to a password vouches for no browser once one was used"


def test_no_account_keeps_browsers_without_end(runtime, browser, account):
    user = account()
    with runtime.database.system_session("test") as session:
        session.add_all(Device(user_id=user.id, digest=bytes([number]) * 32) for number in range(60))
    enter(browser, user, WINDOWS)
    assert len(look(runtime, select(Device.id))) == 50


def test_the_own_page_names_them_and_ends_one_or_all_others(runtime, browser, account, count_queries):
    user = account()
    here, there = browser.sign_in(user), browser.sign_in(user)
    with count_queries(at_most=12):
        page = here.get("/me")
    assert page.text.count("Ends at the latest") == 2
    assert "After 30 minutes without use you are signed out." in page.text
    assert here.post("/me/sessions/end-others", {}).status_code == 303
    assert there.get("/me").status_code == 303
    assert here.get("/me").status_code == 200


def test_use_keeps_a_session_alive_but_never_beyond_its_end(browser, account):
    inside, began = browser.sign_in(account()), now()
    for minutes in range(25, 12 * 60, 25):
        with freeze(began + timedelta(minutes=minutes)):
            assert inside.get("/me").status_code == 200
    with freeze(began + timedelta(hours=12, seconds=1)):
        assert inside.get("/me").status_code == 303


def test_without_use_a_session_ends_after_half_an_hour(browser, account):
    inside, began = browser.sign_in(account()), now()
    with freeze(began + timedelta(minutes=31)):
        assert inside.get("/me").status_code == 303


def test_one_browser_too_many_ends_the_one_unused_the_longest(runtime, browser, account):
    user, most = account(), runtime.settings.session_most
    assert most == 5
    began = now()
    for minute in range(most):
        with freeze(began + timedelta(minutes=minute)):
            last = enter(browser, user, WINDOWS if minute else PHONE)
    with freeze(began + timedelta(minutes=most)):
        oldest = look(runtime, select(SignInSession).order_by(SignInSession.seen_at))[0]
        with runtime.database.system_session("the first one is used again") as session:
            session.get_one(SignInSession, oldest.id).seen_at = now()
        enter(browser, user, WINDOWS)
        kept = [place for place in look(runtime, select(SignInSession)) if place.revoked_at is None]
        assert len(kept) == most
        assert oldest.id in {place.id for place in kept}, "used since: the second one was the oldest"
        told = [one for one in news(runtime, user) if one.message == devices.CROWDED]
        assert [one.parameters["most"] for one in told] == [most]
        line = look(runtime, select(AuditEntry).where(AuditEntry.action == "users.end_session"))[0]
        assert (line.actor_id, line.after["agent"]) == (user.id, WINDOWS)
        headers = {"Cookie": last["baton"]}
        assert browser.get("/me", headers=headers).status_code == 200, "the newest but one stays"

    def one_more(_number):
        return enter(browser, user, WINDOWS)

    with freeze(began + timedelta(minutes=most + 1)), ThreadPoolExecutor(4) as pool:
        list(pool.map(one_more, range(4)))
        kept = [place for place in look(runtime, select(SignInSession)) if place.revoked_at is None]
        assert len(kept) == most, "also of many at once"


def test_ending_a_session_elsewhere_takes_a_proof(runtime, browser, account):
    user = account()
    here, there = browser.sign_in(user), browser.sign_in(user)
    mine, other = look(runtime, select(SignInSession.id).order_by(SignInSession.id))
    with freeze(now() + timedelta(minutes=6)):
        for address in (f"/me/sessions/{other}/end", "/me/sessions/end-others"):
            asked = here.post(address, {})
            assert asked.headers["location"] == "/me/keys/confirm?next=/me%23devices"
        assert there.get("/me").status_code == 200
        assert here.post("/me/keys/confirm", {"password": "wrong", "next": "/me"}).status_code == 200
        assert here.post(f"/me/sessions/{other}/end", {}).headers["location"].startswith("/me/keys/confirm")
        proved = here.post("/me/keys/confirm", {"password": PASSWORD, "next": "/me#devices"})
        assert proved.headers["location"] == "/me#devices"
        assert here.post(f"/me/sessions/{other}/end", {}).headers["location"] == "/me?done=ended"
        assert there.get("/me").status_code == 303
        assert here.get("/me").status_code == 200
    with freeze(now() + timedelta(minutes=20)):
        assert here.post(f"/me/sessions/{mine}/end", {}).headers["location"] == "/login", "leaving takes none"


@pytest.mark.parametrize("state", ["frozen", "left", "no role", "no password"])
def test_a_wrong_password_gets_the_answer_and_time_of_an_unknown_name(runtime, browser, account, state):
    user = account(role="" if state == "no role" else "coordinator")
    with runtime.database.system_session("test") as session:
        if state in {"frozen", "left"}:
            accounts.set_status(session, None, user.id, state)
        elif state == "no password":
            accounts.get_user(session, user.id).password_hash = ""

    def answer(login):
        began = time.process_time()
        found = browser.post("/login", {"login": login, "password": "not the password"}, headers=ENGLISH)
        assert "Name or password is not right." in found.text
        assert found.status_code == 422
        return time.process_time() - began

    answer("warm-up")
    known = min(answer(user.login) for _try in range(3))
    unknown = min(answer("nobody-here") for _try in range(3))
    assert 0.4 < unknown / known < 2.5


def test_links_are_for_once_and_one_purpose_and_say_who_made_them(runtime, browser, account, factory):
    user, admin = account(), factory.user(role="system_admin")
    actor = factory.actor(admin)
    with runtime.database.system_session("test") as session:
        first = accounts.issue_code(session, actor, session.get_one(type(user), user.id))
    with runtime.database.system_session("test") as session:
        second = accounts.issue_code(session, actor, session.get_one(type(user), user.id))
    out = {row.digest: row.expires_at - now() for row in look(runtime, select(OneTimeCode))}
    assert out[token_digest(second)] <= timedelta(minutes=10), "it goes around a password"
    with runtime.database.system_session("test") as session:
        fresh = session.get_one(type(user), factory.user().id)
        opening = accounts.issue_code(session, actor, fresh)
    out = {row.digest: row.expires_at - now() for row in look(runtime, select(OneTimeCode))}
    assert out[token_digest(opening)] > timedelta(hours=23), "it opens an account that has none yet"
    with runtime.database.system_session("test") as session:
        accounts.end_codes(session, fresh.id, "password")
    assert browser.get(f"/reset/{first}").status_code == 404, "a new link ends the one before"
    assert {row.issued_by for row in look(runtime, select(OneTimeCode))} == {admin.id}
    inside = browser.sign_in(admin)
    assert "out until" in inside.get(f"/settings/users/{user.id}").text
    assert inside.post(f"/settings/users/{user.id}/end-code", {}).status_code == 303
    assert browser.get(f"/reset/{second}").status_code == 404
    assert "out until" not in inside.get(f"/settings/users/{user.id}").text


def test_housekeeping_forgets_what_is_over(runtime, factory):
    user, moment = factory.user(), now()
    factory.add(
        Device(user_id=user.id, digest=b"a" * 32, seen_at=moment - timedelta(days=401)),
        Device(user_id=user.id, digest=b"b" * 32),
        SpentChallenge(digest=b"c" * 32, expires_at=moment - timedelta(seconds=1)),
        SpentChallenge(digest=b"d" * 32, expires_at=moment + timedelta(minutes=5)),
        KeyHelp(user_id=user.id, reason="nobody confirmed", asked_at=moment - timedelta(days=8)),
        KeyHelp(user_id=user.id, reason="still waiting"),
    )
    with runtime.database.system_session("test") as session:
        for package in (authenticators, devices, keyhelp):
            package.forget_old(session)
    assert look(runtime, select(Device.digest)) == [b"b" * 32]
    assert look(runtime, select(SpentChallenge.digest)) == [b"d" * 32]
    assert look(runtime, select(KeyHelp.reason)) == ["still waiting"]


def test_of_many_who_use_a_code_at_once_one_wins(runtime, factory):
    user, code = factory.user(), keys.new_code()
    factory.add(RecoveryCode(user_id=user.id, digest=token_digest(f"recovery:{keys.plain_code(code)}")))

    def use(_number):
        with runtime.database.system_session("test") as session:
            return keys.use_code(session, user.id, code)

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(use, range(8))) == [False] * 7 + [True]
