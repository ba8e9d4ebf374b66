"""What roles ask at sign-in, roles that hang on a key, and the day a key is lost."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import quote

from sqlalchemy import select

from platform_core.kernel.clock import freeze, now
from platform_core.permissions import services as roles
from platform_core.permissions.models import Role, RoleAssignment
from platform_core.testing.softkey import SoftKey
from platform_core.users import accounts, keyhelp
from platform_core.users.keymodels import Credential
from tests.core.users.keyring import Person, demand, look, trail


def test_a_role_that_asks_for_a_key_gives_grace_then_holds(runtime, person, factory):
    li, key = person(), SoftKey()
    demand(runtime, factory, "coordinator", "key", grace=7)
    entered = li.password()
    assert entered.headers["location"] == "/me/keys?next=/"
    told = li.inside(entered).get("/me/keys?next=/").text
    assert "will ask for a security key" in told
    assert "Later" in told
    with freeze(now() + timedelta(days=8)):
        refused = li.password()
        assert refused.status_code == 200
        assert "Your role asks for a key, and you have none" in refused.text
        assert "set-cookie" not in refused.headers
        skipped = li.second(refused, skip="1")
        assert skipped.status_code == 422
    li.page = li.inside(entered)
    li.add(key)
    with freeze(now() + timedelta(days=8)):
        assert li.both(key).headers["location"] == "/"


def test_a_passkey_where_a_security_key_is_asked_for_opens_only_the_page_of_keys(runtime, person, factory):
    li, passkey, key = person(), SoftKey(hardware=False), SoftKey()
    li.add(passkey, "passkey")
    demand(runtime, factory, "coordinator", "key")
    entered = li.both(passkey)
    assert entered.headers["location"] == "/me/keys?next=/"
    window = li.inside(entered)
    assert window.get("/customers").headers["location"] == "/me/keys"
    assert window.get("/customers", htmx=True).headers["hx-redirect"] == "/me/keys"
    assert window.get("/api/v1/customers").json()["type"] == "urn:baton:problem:unfinished"
    assert window.get("/me/tokens").headers["location"] == "/me/keys"
    li.page = window
    assert li.add(key).status_code == 303
    assert window.get("/customers").status_code == 200


def test_without_a_demand_the_key_may_be_left_out(runtime, person):
    li = person()
    li.add(SoftKey())
    entered = li.second(li.password(), skip="1")
    assert entered.status_code == 303
    assert trail(runtime, "users.login")[-1].reason == "without the key"


def test_a_role_bound_to_a_key_holds_only_in_its_sessions(runtime, person, factory, count_queries):
    li, blue, green = person(role="coordinator"), SoftKey(), SoftKey()
    li.add(blue)
    li.add(green)
    security = Person(runtime, li.browser, factory.user(role="security_admin"))
    with runtime.database.system_session("test") as session:
        assignment = roles.assign_role(session, None, li.user.id, "management")
    keys = {one.key_id: one for one in look(runtime, select(Credential))}
    at = f"/settings/sign-in/keys/{li.user.id}"
    with count_queries(at_most=12):
        assert "the blue one" in security.page.get(at).text
    bound = security.page.post(f"{at}/{assignment.id}", {"key": str(keys[blue.key_id].id)})
    assert bound.status_code == 303

    management = set(factory.actor(factory.user(role="management")).grants)
    plain = set(factory.actor(factory.user(role="coordinator")).grants)
    only = management - plain
    assert "audit.read" in only

    def rights(window):
        with runtime.database.system_session("test") as session:
            from platform_core.permissions import actors
            from platform_core.users import sessions

            identity = sessions.by_cookie(session, runtime.settings, window.cookie.partition("=")[2])
            return set(actors._build(session, identity, "", "en").grants)

    with_blue, with_green, without = (
        li.inside(li.both(blue)),
        li.inside(li.both(green)),
        li.inside(li.second(li.password(), skip="1")),
    )
    assert rights(with_blue) >= management
    assert (with_blue.get("/audit").status_code, with_green.get("/audit").status_code) == (200, 403)
    assert rights(with_green) == rights(without) == plain
    assert not only & set(factory.actor(li.user).grants), "jobs and programs have none of it"
    shown = with_blue.get("/me/keys")
    assert shown.status_code == 200
    assert with_blue.post(f"/me/keys/{keys[blue.key_id].id}/remove", {}).status_code == 303
    assert rights(with_blue) == plain
    assert "the role holds nowhere" in security.page.get(at).text


def test_nobody_binds_their_own_roles_and_the_last_keeper_is_not_bound(runtime, person, factory):
    first = person(role="security_admin")
    first.add(SoftKey())
    held = look(runtime, select(RoleAssignment).where(RoleAssignment.user_id == first.user.id))[0]
    (key,) = look(runtime, select(Credential))
    own = first.page.post(f"/settings/sign-in/keys/{first.user.id}/{held.id}", {"key": str(key.id)})
    assert own.status_code == 403
    second = Person(runtime, first.browser, factory.user(role="security_admin"))
    last = second.page.post(f"/settings/sign-in/keys/{first.user.id}/{held.id}", {"key": str(key.id)})
    assert last.status_code == 409, "the other security administrator has no password: nobody would be left"


def test_a_lost_key_takes_two_other_people(runtime, person, factory, count_queries):
    li, key = person(), SoftKey()
    li.add(key)
    inside = li.inside(li.both(key))
    one = Person(runtime, li.browser, factory.user(role="system_admin"))
    other = Person(runtime, li.browser, factory.user(role="security_admin"))
    at = f"/settings/lost-keys/ask/{li.user.id}"
    assert "One field needs" in one.page.post(at, {"reason": "lost"}).text
    assert one.page.post(at, {"reason": "left in a taxi, knows her by face"}).status_code == 303
    assert other.page.post(at, {"reason": "asked once more"}).status_code == 409
    waiting = look(runtime, select(keyhelp.KeyHelp.id))[0]
    assert one.page.post(f"/settings/lost-keys/{waiting}/confirm", {}).status_code == 403, "who asked does not confirm"
    with freeze(now() + timedelta(minutes=6)):
        late = other.page.post(f"/settings/lost-keys/{waiting}/confirm", {})
        assert late.headers["location"] == "/me/keys/confirm?next=/settings/lost-keys"
    with count_queries(at_most=12):
        assert "left in a taxi" in other.page.get("/settings/lost-keys").text
    answer = other.page.post(f"/settings/lost-keys/{waiting}/confirm", {})
    code = re.search(r'value="([a-z2-9]{6}(?:-[a-z2-9]{6}){3})"', answer.text)[1]
    assert inside.get("/me").status_code == 303, "what the lost key opened is closed"
    assert li.password().status_code == 303, "coordinators need no key here"
    assert [entry.actor_id for entry in trail(runtime, "users.confirm_key_help")] == [other.user.id]
    assert code not in str(
        [(entry.before, entry.after, entry.reason) for entry in trail(runtime, "users.confirm_key_help")]
    )


def test_the_code_of_two_people_opens_nothing_but_registering_a_key(runtime, person, factory):
    li, key = person(), SoftKey()
    demand(runtime, factory, "coordinator", "key")
    one, other = factory.actor(factory.user(role="system_admin")), factory.actor(factory.user(role="security_admin"))
    with runtime.database.system_session("test") as session:
        asked = keyhelp.ask(session, one, li.user.id, keyhelp.HelpInput(reason="came too late for the grace"))
        session.flush()
        code = keyhelp.confirm(session, other, asked.id)[1]
    with freeze(now() + timedelta(minutes=10, seconds=1)):
        assert li.second(li.password(), code=code).status_code == 422, "it is over after ten minutes"
    entered = li.second(li.password(), code=code)
    window = li.page = li.inside(entered)
    assert window.get("/").headers["location"] == "/me/keys"
    assert "nothing else is open" in window.get("/me/keys").text
    assert li.second(li.password(), code=code).status_code == 422, "once"
    assert li.add(key).status_code == 303
    assert window.get("/me").status_code == 200
    assert li.both(key).status_code == 303


def test_nobody_helps_themselves(runtime, person):
    admin = person(role="system_admin")
    refused = admin.page.post(f"/settings/lost-keys/ask/{admin.user.id}", {"reason": "my own key is gone"})
    assert refused.status_code == 403


def test_who_leaves_has_no_keys_any_more(runtime, person):
    li, key = person(), SoftKey()
    li.add(key)
    with runtime.database.system_session("test") as session:
        accounts.set_status(session, None, li.user.id, "left")
        accounts.set_status(session, None, li.user.id, "active")
    assert look(runtime, select(Credential.removed_at))[0] is not None
    assert look(runtime, select(Credential).where(Credential.removed_at.is_(None))) == []


def test_the_rules_page_says_who_is_ready(runtime, person, factory, count_queries):
    li = person()
    li.add(SoftKey())
    factory.user(role="coordinator")
    security = Person(runtime, li.browser, factory.user(role="security_admin"))
    role = look(runtime, select(Role).where(Role.code == "coordinator"))[0]
    form = {f"demand-{role.id.hex}": "key", f"grace-{role.id.hex}": "14"}
    assert security.page.post("/settings/sign-in", form).status_code == 303
    with count_queries(at_most=12):
        shown = security.page.get("/settings/sign-in").text
    assert "1 / 2" in shown
    wrong = security.page.post("/settings/sign-in", {**form, f"grace-{role.id.hex}": "1000"})
    assert wrong.status_code == 422
    with freeze(now() + timedelta(minutes=6)):
        late = security.page.post("/settings/sign-in", form)
        assert late.headers["location"] == f"/me/keys/confirm?next={quote('/settings/sign-in')}"


def test_keys_need_a_domain(runtime):
    from dataclasses import replace

    settings = runtime.settings

    def of(base_url, rp_id=""):
        found = replace(settings, base_url=base_url, rp_id=rp_id)
        return found.key_domain, found.key_origins

    assert of("http://127.0.0.1:8000") == ("localhost", ("http://127.0.0.1:8000", "http://localhost:8000"))
    assert of("http://localhost:8000") == ("localhost", ("http://localhost:8000",))
    assert of("https://baton.example") == ("baton.example", ("https://baton.example",))
    assert of("https://crm.baton.example", "baton.example") == ("baton.example", ("https://crm.baton.example",))
    assert of("http://192.168.1.5:8000")[0] == ""
