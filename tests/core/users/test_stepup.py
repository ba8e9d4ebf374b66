"""Proving to be there before acts that decide about others: with the key where there is one, else with the password."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from platform_core.audit import retention
from platform_core.audit.models import AuditEntry
from platform_core.caps.models import UserCap
from platform_core.kernel.clock import freeze, now
from platform_core.kernel.models import JobRow
from platform_core.permissions.models import Role, RoleAssignment, RoleGrant
from platform_core.testing.browser import Browser
from platform_core.testing.softkey import SoftKey
from platform_core.users.models import SignInSession, Team, TeamMember, User
from tests.core.audit.forging import seal, write
from tests.core.users.keyring import PASSWORD, look, options_of

LATER = timedelta(minutes=6)


@pytest.fixture
def frozen(runtime, factory, browser):
    """Somebody whose cap is none at all, and who has opened a customer."""
    user = factory.user()
    factory.add(UserCap(user_id=user.id, counter="open", cap=0))
    assert browser.sign_in(user).get(f"/customers/{factory.customer(user).id}").status_code == 403
    assert factory.read(User, user.id).status == "frozen"
    return user


def test_unfreezing_asks_for_the_key_of_who_has_one(runtime, person, frozen, factory):
    office, key = person("office"), SoftKey()
    office.add(key)
    at = f"/settings/frozen/{frozen.id}"
    asked = office.page.get(at)
    assert 'type="password"' not in asked.text
    form = {"reason": "many visits today", "extra": "5"}
    for wrong in ({}, {"password": PASSWORD}, {"credential": SoftKey().get(options_of(asked, "get"))}):
        refused = office.page.post(at, form | wrong)
        assert (refused.status_code, "has not answered" in refused.text) == (200, True)
    assert factory.read(User, frozen.id).status == "frozen"
    answer = key.get(options_of(office.page.get(at), "get"))
    assert office.page.post(at, form | {"credential": answer}).status_code == 303
    assert factory.read(User, frozen.id).status == "active"
    failed = look(
        runtime, select(AuditEntry).where(AuditEntry.action == "caps.unfreeze", AuditEntry.result == "failed")
    )
    assert len(failed) == 3


def test_unfreezing_always_asks_however_lately_one_signed_in(person, frozen, factory):
    office = person("office")
    at, form = f"/settings/frozen/{frozen.id}", {"reason": "many visits today", "extra": "5"}
    assert "not your password" in office.page.post(at, form).text
    assert office.page.post(at, form | {"password": PASSWORD}).status_code == 303
    assert factory.read(User, frozen.id).status == "active"


def test_changing_a_role_asks_again_after_five_minutes(runtime, person):
    security, key = person("security_admin"), SoftKey()
    security.add(key)
    role = look(runtime, select(Role).where(Role.code == "finance"))[0]
    form = {"version": str(role.version), "right.audit.read": "all"}
    preview, store = f"/settings/roles/{role.id}/preview", f"/settings/roles/{role.id}/rights"
    assert "data-webauthn" not in security.page.post(preview, form).text, "the key has been touched just now"
    with freeze(now() + LATER):
        asked = security.page.post(preview, form)
        refused = security.page.post(store, form)
        assert (refused.status_code, "has not answered" in refused.text) == (200, True)
        granted = select(RoleGrant).where(RoleGrant.role_id == role.id, RoleGrant.permission == "audit.read")
        assert look(runtime, granted) == []
        assert security.page.post(store, form | {"credential": key.get(options_of(asked, "get"))}).status_code == 303
        assert len(look(runtime, granted)) == 1


def test_giving_and_taking_roles_asks_again_after_five_minutes(runtime, person, factory):
    security, user = person("security_admin"), factory.user(role="")
    url = f"/settings/users/{user.id}/roles"
    held = select(RoleAssignment).where(RoleAssignment.user_id == user.id)
    with freeze(now() + LATER):
        sent = security.page.post(url, {"role": "finance"})
        assert sent.headers["location"] == f"/me/keys/confirm?next=/settings/users/{user.id}"
        assert look(runtime, held) == []
        proof = {"password": PASSWORD, "next": f"/settings/users/{user.id}"}
        assert security.page.post("/me/keys/confirm", proof).headers["location"] == f"/settings/users/{user.id}"
        assert security.page.post(url, {"role": "finance"}).status_code == 303
    (given,) = look(runtime, held)
    with freeze(now() + 3 * LATER):
        assert "confirm" in security.page.post(f"{url}/{given.id}/end", {}).headers["location"]
    assert len(look(runtime, held)) == 1


def test_teams_ask_again_after_five_minutes(runtime, person, factory):
    """Who is in a team decides what somebody sees."""
    security, user = person("security_admin"), factory.user()
    url = security.page.post("/settings/teams", {"name": "North"}).headers["location"]
    with freeze(now() + LATER):
        for at, form in (
            ("/settings/teams", {"name": "South"}),
            (url, {"name": "South"}),
            (f"{url}/members", {"colleague": user.login}),
            (f"{url}/members/{user.id}/end", {}),
            (f"{url}/dissolve", {}),
        ):
            assert security.page.post(at, form).headers["location"].startswith("/me/keys/confirm?next=/settings/teams")
    assert look(runtime, select(TeamMember)) == []
    assert [team.name for team in look(runtime, select(Team))] == ["North"]


def test_archiving_the_trail_asks_again_after_five_minutes(runtime, person):
    """Lines leave the trail for good: nobody does that at a desk somebody has just left."""
    for month in range(1, 3):
        with freeze(datetime(2024, month, 10, tzinfo=UTC)):
            write(runtime, 3, "test.month")
    seal(runtime, 5)
    keeper = person("audit_admin")
    with runtime.database.system_session("look", write=False) as session:
        old = retention.old(session, 6)
    form = {"months": "6", "until": old[-1].month, "lines": str(sum(month.lines for month in old)), "sure": "1"}
    begun = select(JobRow).where(JobRow.name == "audit.archive")
    with freeze(now() + LATER):
        sent = keeper.page.post("/audit/retention", form)
        assert sent.headers["location"] == "/me/keys/confirm?next=/audit/retention"
        assert look(runtime, begun) == []
        proof = {"password": PASSWORD, "next": "/audit/retention"}
        assert keeper.page.post("/me/keys/confirm", proof).status_code == 303
        assert keeper.page.post("/audit/retention", form).headers["location"].startswith("/jobs/")
    assert len(look(runtime, begun)) == 1


def test_a_password_does_not_prove_what_a_key_would(runtime, person, factory):
    """Somebody at a desk who knows the password but left the key out is asked for the key."""
    security = person("security_admin")
    security.add(SoftKey())
    window = security.inside(security.second(security.password(), skip="1"))
    sent = window.post(f"/settings/users/{factory.user(role='').id}/roles", {"role": "finance"})
    assert sent.headers["location"].startswith("/me/keys/confirm")
    assert "data-webauthn" in window.get(sent.headers["location"]).text
    assert {place.verified_by for place in look(runtime, select(SignInSession))} == {"key", "password"}


def test_programs_do_nothing_that_asks_who_is_there(browser, person, frozen, factory):
    office = person("office")
    program = browser.token(office.user)
    form = {"reason": "many visits today", "extra": "5", "password": PASSWORD}
    assert program.post(f"/settings/frozen/{frozen.id}", form).status_code == 403
    assert program.post("/me/keys/codes", {}).status_code == 403
    assert factory.read(User, frozen.id).status == "frozen"


def test_guesses_at_the_password_are_slowed_down(person):
    li = person()
    with freeze(now() + LATER):
        answers = [li.page.post("/me/keys/confirm", {"password": f"guess {number}"}).text for number in range(6)]
        assert ["Too many attempts" in text for text in answers] == [False] * 5 + [True]
        assert "Too many attempts" in li.page.post("/me/keys/confirm", {"password": PASSWORD}).text


def test_the_page_of_the_question_leads_nowhere_else(person):
    li = person()
    assert li.page.get("/me/keys/confirm?next=//evil.example").headers["location"] == "/"
    with freeze(now() + LATER):
        sent = li.page.post("/me/keys/confirm", {"password": PASSWORD, "next": "https://evil.example"})
        assert sent.headers["location"] == "/"


def test_a_proof_makes_a_new_token_and_ends_the_one_before(runtime, browser, person, frozen, factory):
    office = person("office")
    at, form = f"/settings/frozen/{frozen.id}", {"reason": "many visits today", "extra": "5"}
    before = Browser(runtime, browser._client, office.page.cookie, office.page.csrf)
    assert office.page.post(at, form | {"password": "wrong"}).status_code == 200
    assert before.cookie == office.page.cookie, "nothing was proved"
    proved = office.page.post(at, form | {"password": PASSWORD})
    assert proved.status_code == 303
    assert "HttpOnly" in proved.headers["set-cookie"]
    assert before.cookie != office.page.cookie
    assert before.get("/me").headers["location"].startswith("/login")
    assert office.page.get("/me").status_code == 200
    assert office.page.post("/logout", {}).status_code == 303, "forms of open pages are still good"
