"""The role editor: what changes for whom before it is stored, who may not, and how soon it acts."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from platform_core.audit.models import AuditEntry
from platform_core.cli.doctor import notes
from platform_core.contracts.identity import Permission, Scope
from platform_core.kernel.clock import freeze, now
from platform_core.kernel.errors import Conflict, Forbidden, Invalid
from platform_core.kernel.i18n import speaking
from platform_core.kernel.ids import new_id
from platform_core.permissions import editing, queries, services
from platform_core.permissions.models import Role, RoleAssignment, RoleGrant
from platform_core.users.models import User


@pytest.fixture
def guard(factory):
    return factory.user("security_admin")


def role_of(runtime, code):
    with runtime.database.system_session("look", write=False) as session:
        return session.scalars(select(Role).where(Role.code == code)).one()


def make(runtime, actor, name, rights, **data):
    with runtime.database.system_session("test") as session:
        role = editing.create_role(session, actor, editing.RoleInput(name=name, **data))
        editing.change_grants(session, actor, runtime.manager, role.id, rights, version=role.version)
    return role


def give(runtime, user, code, **dates):
    with runtime.database.system_session("test") as session:
        services.assign_role(session, None, user.id, code, **dates)


def test_from_a_new_role_to_its_rights_on_the_next_page(browser, factory, guard, runtime, count_queries):
    somebody = factory.user("")
    theirs = browser.sign_in(somebody)
    inside = browser.sign_in(guard)
    made = inside.post("/settings/roles", {"name": "Night shift", "code": "night"})
    assert made.status_code == 303
    url = made.headers["location"].partition("?")[0]
    with count_queries(at_most=12):
        page = inside.get(url)
    for item in runtime.manager.declared.permissions.installed():
        assert f'name="right.{item.value.name}"' in page.text
    give(runtime, somebody, "night")
    assert theirs.get("/customers").status_code == 403
    (version,) = set(re.findall(r'name="version" value="(\d+)"', page.text))
    asked = {"right.customers.view": "own", "right.users.view": "all", "right.customers.delete": "none"}
    before = look_grants(runtime, "night")
    with count_queries(at_most=12):
        seen = inside.post(f"{url}/preview", {**asked, "version": version})
    assert seen.status_code == 200
    assert "customers.delete" not in seen.text, "what stays as it is is not listed"
    assert seen.text.count("1 person") >= 3
    assert look_grants(runtime, "night") == before == {}
    hidden = dict(re.findall(r'name="(right\.[\w.]+|version)" value="(\w+)"', seen.text))
    assert hidden == {"right.customers.view": "own", "right.users.view": "all", "version": version}
    assert inside.post(f"{url}/rights", hidden).status_code == 303
    assert look_grants(runtime, "night") == {"customers.view": Scope.OWN, "users.view": Scope.ALL}
    assert theirs.get("/customers").status_code == 200
    assert inside.post(f"{url}/rights", {**hidden, "_key": "again"}).status_code == 409, "a stale form"
    with runtime.database.system_session("look", write=False) as session:
        line = session.scalars(select(AuditEntry).where(AuditEntry.action == "permissions.edit_role")).one()
    assert (line.actor_id, line.entity_label) == (guard.id, "Night shift")
    assert line.before == {"rights": {"customers.view": "none", "users.view": "none"}}
    assert line.after == {"rights": {"customers.view": "own", "users.view": "all"}}


def look_grants(runtime, code):
    with runtime.database.system_session("look", write=False) as session:
        return editing.grants_of(session, role_of(runtime, code).id)


def test_rights_are_searched_and_those_not_shown_stay(browser, factory, guard, runtime):
    role = role_of(runtime, "coordinator")
    inside = browser.sign_in(guard)
    found = inside.get(f"/settings/roles/{role.id}?q=reveal")
    assert set(re.findall(r'name="right\.([\w.]+)"', found.text)) == {"customers.reveal"}
    assert "No right has these words" in inside.get(f"/settings/roles/{role.id}?q=nonsense").text
    before = look_grants(runtime, "coordinator")
    asked = {"right.customers.reveal": "none", "version": role.version}
    assert inside.post(f"/settings/roles/{role.id}/rights", asked).status_code == 303
    assert look_grants(runtime, "coordinator") == {k: v for k, v in before.items() if k != "customers.reveal"}


def test_the_preview_counts_those_whose_rights_change(runtime, factory):
    narrow = make(runtime, None, "Narrow", {"customers.view": Scope.OWN})
    make(runtime, None, "Wide", {"customers.view": Scope.SUBTREE}, code="wide")
    make(runtime, None, "Gone", {"customers.view": Scope.ALL}, code="gone")
    people = [factory.user("") for _ in range(4)]
    for user in people:
        give(runtime, user, narrow.code)
    give(runtime, people[0], "wide")
    give(runtime, people[1], "wide", valid_from=now() + timedelta(days=2))
    left = factory.user("", status="left")
    give(runtime, left, narrow.code)

    def count(scope):
        with runtime.database.system_session("look", write=False) as session:
            role = session.get_one(Role, narrow.id)
            found = editing.changes(session, runtime.manager, role, {"customers.view": scope})
            return [change.people for change in found]

    assert count(Scope.OWN) == []
    assert count(Scope.NONE) == [3], "one has it from another role; a coming role does not count yet"
    assert count(Scope.SUBTREE) == [3]
    assert count(Scope.ALL) == [4]


def test_nobody_widens_a_role_of_their_own(runtime, factory, guard, browser):
    role = role_of(runtime, "security_admin")
    actor = factory.actor(guard)
    for wider in ({"customers.view": Scope.OWN}, {"users.view": Scope.NONE, "audit.read": Scope.ALL}):
        with pytest.raises(Forbidden), runtime.database.system_session("test") as session:
            editing.change_grants(session, actor, runtime.manager, role.id, wider, version=role.version)
    inside = browser.sign_in(guard)
    seen = inside.post(f"/settings/roles/{role.id}/preview", {"right.customers.view": "own", "version": role.version})
    assert seen.status_code == 200
    assert "/rights" not in seen.text
    with runtime.database.system_session("test") as session:
        editing.change_grants(
            session, actor, runtime.manager, role.id, {"users.view": Scope.NONE}, version=role.version
        )
    make(runtime, actor, "Coming", {})
    give(runtime, guard, role_named(runtime, "Coming").code, valid_from=now() + timedelta(days=9))
    coming = role_named(runtime, "Coming")
    with pytest.raises(Forbidden), runtime.database.system_session("test") as session:
        editing.change_grants(
            session, actor, runtime.manager, coming.id, {"audit.read": Scope.ALL}, version=coming.version
        )
    other = factory.actor(factory.user("security_admin"))
    with runtime.database.system_session("test") as session:
        editing.change_grants(
            session, other, runtime.manager, coming.id, {"audit.read": Scope.ALL}, version=coming.version
        )


def role_named(runtime, name):
    with runtime.database.system_session("look", write=False) as session:
        return session.scalars(select(Role).where(Role.name == name)).one()


def test_nobody_gives_a_role_to_themselves(browser, guard, session, factory):
    inside = browser.sign_in(guard)
    assert inside.post(f"/settings/users/{guard.id}/roles", {"role": "management"}).status_code == 403
    assert "Give the role" not in inside.get(f"/settings/users/{guard.id}").text
    with pytest.raises(Forbidden):
        services.assign_role(session, factory.actor(guard), guard.id, "security_admin")


def test_a_role_is_copied_renamed_retired_and_brought_back(browser, factory, guard, runtime):
    inside = browser.sign_in(guard)
    model = role_of(runtime, "finance")
    form = {"name": "Cashier", "copy_of": str(model.id)}
    made = inside.post("/settings/roles", form)
    url = made.headers["location"].partition("?")[0]
    cashier = role_named(runtime, "Cashier")
    assert look_grants(runtime, cashier.code) == look_grants(runtime, "finance") != {}
    assert inside.post("/settings/roles", form).status_code == 422, "the name is taken"
    assert inside.post("/settings/roles", {"name": "X", "code": "finance"}).status_code == 422
    assert inside.post("/settings/roles", {"name": "X", "copy_of": str(new_id())}).status_code == 422
    assert inside.post(f"{url}/name", {"name": model.name}).status_code == 422
    assert inside.post(f"{url}/name", {"name": "Till"}).status_code == 303
    user = factory.user("")
    give(runtime, user, cashier.code, valid_from=now() + timedelta(days=5))
    assert inside.post(f"{url}/retired", {"retired": "1"}).status_code == 409, "somebody will hold it"
    with runtime.database.system_session("test") as session:
        session.get_one(User, user.id).status = "left"
    assert inside.post(f"{url}/retired", {"retired": "1"}).status_code == 303
    assert inside.post(f"/settings/users/{factory.user('').id}/roles", {"role": cashier.code}).status_code == 422
    assert "retired" in inside.get("/settings/roles").text
    with runtime.database.system_session("test") as session:
        session.get_one(User, user.id).status = "active"
    later = now() + timedelta(days=6)
    with freeze(later):
        assert not factory.actor(user).grants, "a retired role grants nothing"
    assert inside.post(f"{url}/retired", {"retired": "0"}).status_code == 303
    with freeze(later):
        assert factory.actor(user).grants == look_grants(runtime, cashier.code)


def test_the_last_who_manages_roles_is_kept(runtime, factory):
    keeper = factory.user("security_admin", password_hash="set")
    role = role_of(runtime, "security_admin")
    off = {"permissions.manage": Scope.NONE}
    with pytest.raises(Conflict), runtime.database.system_session("test") as session:
        editing.change_grants(session, None, runtime.manager, role.id, off, version=role.version)
    # Somebody whose role ends does not count as the one who remains.
    other = factory.user("", password_hash="set")
    with runtime.database.system_session("test") as session:
        spare = editing.create_role(session, None, editing.RoleInput(name="Spare", copy_of=role.id))
    give(runtime, other, spare.code, valid_to=now() + timedelta(days=1))
    with runtime.database.system_session("look", write=False) as session:
        held = session.scalars(select(RoleAssignment.id).where(RoleAssignment.user_id == keeper.id)).one()
    with pytest.raises(Conflict), runtime.database.system_session("test") as session:
        services.unassign_role(session, None, held)
    give(runtime, other, spare.code)
    with runtime.database.system_session("test") as session:
        editing.change_grants(session, None, runtime.manager, role.id, off, version=role.version)
    assert not factory.actor(keeper).can("permissions.manage")


def test_rights_without_scope_are_whole_and_unknown_ones_refused(runtime):
    role = make(runtime, None, "Odd", {"users.view": Scope.OWN})
    assert look_grants(runtime, role.code) == {"users.view": Scope.ALL}
    with pytest.raises(Invalid), runtime.database.system_session("test") as session:
        editing.change_grants(session, None, runtime.manager, role.id, {"made.up": Scope.ALL}, version=2)
    assert editing.whole(Permission("a.b", "", scoped=True), Scope.TEAM) == Scope.TEAM


def test_a_new_right_is_denied_and_marked(browser, guard, runtime):
    with runtime.database.system_session("test") as session:
        for grant in session.scalars(select(RoleGrant).where(RoleGrant.permission == "customers.erase")):
            session.delete(grant)
    inside = browser.sign_in(guard)
    page = inside.get(f"/settings/roles/{role_of(runtime, 'coordinator').id}?q=customers.erase")
    assert "no role has it" in page.text


def test_dated_roles_begin_and_end_by_themselves(browser, factory, guard, runtime):
    user = factory.user("")
    inside = browser.sign_in(guard)
    today = now().date()
    wrong = {"role": "coordinator", "valid_from": f"{today + timedelta(days=9)}", "valid_to": f"{today}"}
    assert inside.post(f"/settings/users/{user.id}/roles", wrong).status_code == 422
    assert (
        inside.post(f"/settings/users/{user.id}/roles", {"role": "coordinator", "valid_from": "2026-02-31"}).status_code
        == 422
    )
    dates = {"valid_from": f"{today + timedelta(days=3)}", "valid_to": f"{today + timedelta(days=4)}"}
    assert inside.post(f"/settings/users/{user.id}/roles", {"role": "coordinator", **dates}).status_code == 303
    assert "not yet" in inside.get(f"/settings/users/{user.id}").text
    with runtime.database.system_session("look", write=False) as session:
        held = session.scalars(select(RoleAssignment).where(RoleAssignment.user_id == user.id)).one()
    # The rights are cached just before each turn; a second later they have turned all the same.
    for moment, expected in ((held.valid_from, False), (held.valid_to, True)):
        with freeze(moment - timedelta(seconds=1)):
            assert factory.actor(user).can("customers.view") is expected
        with freeze(moment):
            assert factory.actor(user).can("customers.view") is not expected


def test_programs_edit_roles(browser, factory, guard):
    plain = browser.token(guard)
    api = browser.token(guard, changes_rights=True)
    refused = plain.post("/api/v1/roles", json={"name": "Temp"})
    assert (refused.status_code, "token" in refused.json()["title"]) == (403, True)
    assert browser.token(factory.user("system_admin")).post("/api/v1/roles", json={"name": "A"}).status_code == 403
    made = api.post("/api/v1/roles", json={"name": "Temp", "code": "temp"})
    assert made.status_code == 201
    url = f"/api/v1/roles/{made.json()['id']}"
    asked = {"rights": {"customers.view": "team"}, "version": made.json()["version"]}
    expected = [{"right": "customers.view", "before": "none", "after": "team", "people": 0}]
    assert api.post(f"{url}/preview", json=asked).json()["items"] == expected
    assert api.get(url).json()["rights"] == {}
    assert plain.request("PUT", f"{url}/rights", json=asked).status_code == 403
    assert plain.request("PATCH", url, json={"retired": True}).status_code == 403
    assert plain.request("PATCH", url, json={"name": "Temporary"}).status_code == 200, "a name gives nobody anything"
    asked["version"] = api.get(url).json()["version"]
    assert api.request("PUT", f"{url}/rights", json=asked).json()["items"] == expected
    assert api.request("PUT", f"{url}/rights", json=asked).status_code == 409
    wrong = {"rights": {"made.up": "all"}, "version": api.get(url).json()["version"]}
    assert api.request("PUT", f"{url}/rights", json=wrong).status_code == 422
    changed = api.request("PATCH", url, json={"name": "Short", "retired": True}).json()
    assert (changed["name"], changed["retired"], changed["rights"]) == ("Short", True, {"customers.view": "team"})
    assert "temp" not in {item["code"] for item in api.get("/api/v1/roles").json()["items"]}
    assert api.get(f"/api/v1/roles/{new_id()}").status_code == 404


def test_modules_show_the_acts_that_they_share_as_columns(browser, factory, guard, runtime, count_queries):
    """Whatever rights are declared: an act that a second module declares becomes a column by itself."""
    inside = browser.sign_in(guard)
    role = role_of(runtime, "coordinator")
    with count_queries(at_most=12):
        page = inside.get(f"/settings/roles/{role.id}").text
    table = page.split('aria-label="Rights by module"')[1].split("</table>")[0]
    for words in ("See", "Enter", "Change", "Manage"):
        assert f'<th scope="col">{words}</th>' in table
    declared = [Permission("a.view", "See a"), Permission("b.view", "See b"), Permission("a.urge", "Urge a", scoped=False),
                Permission("b.add", "Add b", scoped=False, act="enter"), Permission("a.import", "Import a", scoped=False, act="enter"),
                Permission("a.create", "Create a", scoped=False, act="enter")]  # fmt: skip
    held = {"a.view": Scope.OWN, "a.create": Scope.ALL, "a.urge": Scope.ALL}

    def groups(permissions):
        rows = [queries.RightRow(one, held.get(one.name, Scope.NONE), unused=False) for one in permissions]
        return [
            queries.RightGroup(owner, owner, False, tuple(row for row in rows if row.permission.name[0] == owner))
            for owner in "ab"
        ]

    with speaking("en"):
        acts, (first, second) = queries.by_module(groups(declared))
        assert acts == [("enter", "Enter"), ("view", "See")]
        assert first.cells == {"view": "own", "enter": "no, yes"}
        assert first.others == (("Urge a", "yes"),)
        assert second.cells == {"view": "none", "enter": "no"}
        acts, _rows = queries.by_module(groups([*declared, Permission("b.urge", "Urge b")]))
        assert [act for act, _words in acts] == ["enter", "urge", "view"]


def test_a_whole_module_is_taken_away_with_one_button(browser, guard, runtime, factory):
    """Who has none of its rights does not enter it, nor hear of it elsewhere; what else the form says comes along."""
    role, user = role_of(runtime, "coordinator"), factory.user("coordinator")
    customer, theirs = factory.customer(user), browser.sign_in(user)
    assert theirs.get("/plans").status_code == 200
    assert "/plans/new" in theirs.get(f"/customers/{customer.id}").text
    inside, url = browser.sign_in(guard), f"/settings/roles/{role.id}"
    page = inside.get(url).text
    assert '<th scope="col">Open</th>' in page
    assert page.count('name="shut" value="activities"') == 1
    assert 'name="shut" value="permissions"' not in page, "of which it has nothing"
    asked = {"version": role.version, "shut": "activities", "right.customers.reveal": "none"}
    seen = inside.post(f"{url}/preview", asked).text
    hidden = dict(re.findall(r'name="(right\.[\w.]+|version)" value="(\w+)"', seen))
    named = {name.removeprefix("right.") for name in hidden if name != "version"}
    held = set(look_grants(runtime, "coordinator"))
    assert named == {name for name in held if name.startswith("activities.")} | {"customers.reveal"}
    assert len(named) > 2
    assert inside.post(f"{url}/rights", hidden).status_code == 303
    assert theirs.get("/plans").status_code == 403
    seen = theirs.get(f"/customers/{customer.id}").text
    assert "/plans/new" not in seen
    assert "/follow-ups" not in seen
    assert 'name="shut" value="activities"' not in inside.get(url).text


def test_rights_that_have_come_since_are_named_until_somebody_decides(browser, factory, guard, runtime, count_queries):
    inside = browser.sign_in(guard)
    assert "have come since" not in inside.get("/settings/roles").text, "a fresh house has given all that is proposed"
    with runtime.database.system_session("as in a house that was set up before the right came") as session:
        session.execute(delete(RoleGrant).where(RoleGrant.permission.in_(["customers.offboard", "guard.alerts"])))
    with count_queries(at_most=12):
        page = inside.get("/settings/roles").text
    assert "No role has 2 rights yet" in page
    role = role_of(runtime, "management")
    assert f'/settings/roles/{role.id}?q=customers.offboard">' in page
    assert "customers.offboard" in inside.get(f"/settings/roles/{role.id}?q=customers.offboard").text
    assert len([note for note in notes(runtime) if note.startswith("no role has the right")]) == 2
    with runtime.database.system_session("somebody decides") as session:
        editing.change_grants(
            session, None, runtime.manager, role.id, {"customers.offboard": Scope.ALL}, version=role.version
        )
    assert "No role has 1 right yet" in inside.get("/settings/roles").text
    assert [note for note in notes(runtime) if "guard.alerts (proposed for" in note]
