"""Roles: who holds them, what they add up to, and the last keeper of a right."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.contracts.identity import Scope
from platform_core.kernel.clock import freeze, now
from platform_core.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from platform_core.kernel.ids import new_id
from platform_core.permissions import actors, services, setup
from platform_core.permissions.models import Role, RoleAssignment, RoleGrant
from platform_core.users import accounts
from platform_core.users.models import User

PASSWORD = "correct horse battery"


def look(runtime, statement):
    with runtime.database.system_session("look", write=False) as session:
        return list(session.scalars(statement))


def with_password(runtime, user):
    with runtime.database.system_session("test") as session:
        accounts.set_password(session, session.get_one(User, user.id), PASSWORD)
    return user


def test_a_role_acts_on_the_next_request_and_so_does_its_loss(runtime, factory):
    user = factory.user(role="")
    assert factory.actor(user).grants == {}
    with runtime.database.system_session("test") as session:
        assignment = services.assign_role(session, None, user.id, "coordinator")
        session.flush()
    assert factory.actor(user).scope("customers.view") == Scope.OWN
    with runtime.database.system_session("test") as session:
        services.unassign_role(session, None, assignment.id)
    assert factory.actor(user).grants == {}
    actions = look(runtime, select(AuditEntry.action).order_by(AuditEntry.id))
    assert actions == ["permissions.assign", "permissions.unassign"]


def test_the_widest_scope_of_several_roles_counts(runtime, factory):
    user = factory.user("coordinator")
    with runtime.database.system_session("test") as session:
        services.assign_role(session, None, user.id, "management")
    assert factory.actor(user).scope("customers.view") == Scope.ALL


def test_a_role_for_another_department_adds_that_department(runtime, factory):
    own, other = factory.department(), factory.department()
    below = factory.department(parent=other)
    user = factory.user("coordinator", own)
    with runtime.database.system_session("test") as session:
        services.assign_role(session, None, user.id, "department_head", department_id=other.id)
    actor = factory.actor(user)
    assert actor.department_ids == {own.id, other.id}
    assert below.id in actor.subtree_ids


def test_a_role_for_a_time_ends_by_itself(runtime, factory):
    user = factory.user(role="")
    with runtime.database.system_session("test") as session:
        services.assign_role(session, None, user.id, "coordinator", valid_to=now() + timedelta(hours=1))
    assert factory.actor(user).can("customers.view")
    with freeze(now() + timedelta(hours=1, minutes=2)):
        assert factory.actor(user).grants == {}


def test_giving_a_role_twice_changes_nothing(session, factory):
    user = factory.user("coordinator")
    first = services.assign_role(session, None, user.id, "coordinator")
    assert services.assign_role(session, None, user.id, "coordinator").id == first.id
    assert len(services.roles_of(session, user.id)) == 1


def test_unknown_roles_departments_people_and_past_days_are_refused(session, factory):
    user = factory.user(role="")
    with pytest.raises(Invalid):
        services.assign_role(session, None, user.id, "emperor")
    with pytest.raises(Invalid):
        services.assign_role(session, None, user.id, "finance", department_id=new_id())
    with pytest.raises(Invalid):
        services.assign_role(session, None, user.id, "finance", valid_to=now())
    with pytest.raises(NotFound):
        services.assign_role(session, None, new_id(), "finance")
    with pytest.raises(NotFound):
        services.unassign_role(session, None, new_id())


def test_only_security_administrators_give_roles(session, factory):
    user = factory.user()
    for role in ("system_admin", "management", "coordinator"):
        with pytest.raises(Forbidden):
            services.assign_role(session, factory.actor(factory.user(role)), user.id, "finance")
    services.assign_role(session, factory.actor(factory.user("security_admin")), user.id, "finance")
    assert {role.code for _assignment, role, _name in services.roles_of(session, user.id)} == {"coordinator", "finance"}


def test_the_last_keeper_of_accounts_and_roles_cannot_be_lost(runtime, factory):
    keeper = with_password(runtime, factory.user("system_admin"))
    (held,) = look(runtime, select(RoleAssignment.id).where(RoleAssignment.user_id == keeper.id))
    with pytest.raises(Conflict), runtime.database.system_session("test") as session:
        services.unassign_role(session, None, held)
    for status in ("frozen", "left"):
        with pytest.raises(Conflict), runtime.database.system_session("test") as session:
            services.change_status(session, None, keeper.id, status)
    with_password(runtime, factory.user("system_admin"))
    with runtime.database.system_session("test") as session:
        assert services.change_status(session, None, keeper.id, "frozen").status == "frozen"


def test_a_reset_link_does_not_lend_the_right_to_give_roles(session, factory):
    guard, clerk, admin = factory.user("security_admin"), factory.user(), factory.actor(factory.user("system_admin"))
    assert services.issue_reset(session, admin, clerk.id)
    with pytest.raises(Forbidden):
        services.issue_reset(session, admin, guard.id)
    assert services.issue_reset(session, None, guard.id)


def test_rights_of_a_plugin_that_is_off_rest_and_come_back(runtime, factory):
    user = factory.user("coordinator")
    assert factory.actor(user).can("activities.view")
    everything = runtime.manager.enabled
    runtime.manager.enabled = everything - {"activities"}
    try:
        actor = factory.actor(user)
        assert not any(name.startswith("activities.") for name in actor.grants)
        assert actor.can("customers.view")
    finally:
        runtime.manager.enabled = everything
    assert factory.actor(user).can("activities.view")


def test_the_preset_roles_hold_no_customer_rights_for_administrators(session):
    for code in ("system_admin", "security_admin", "audit_admin"):
        role = session.scalars(select(Role).where(Role.code == code)).one()
        granted = session.scalars(select(RoleGrant.permission).where(RoleGrant.role_id == role.id)).all()
        about = {name for name in granted if name.startswith("customers.") or name == "relay.view"}
        assert about <= {"customers.fields", "customers.pool_rules"}, "how customers are kept says nothing of anybody"


def test_the_role_page_shows_every_right_of_every_role(runtime, browser, factory, count_queries):
    holder = factory.user("finance", name="Somebody in finance")
    inside = browser.sign_in(factory.user("security_admin"))
    with count_queries(at_most=12):
        page = inside.get("/settings/roles")
    assert page.status_code == 200
    for item in runtime.manager.declared.permissions.installed():
        assert item.value.name in page.text
    assert holder.name in page.text
    assert "department and below" in page.text
    assert browser.sign_in(factory.user("system_admin")).get("/settings/roles").status_code == 403
    assert "permissions.denied" in look(runtime, select(AuditEntry.action).where(AuditEntry.result == "denied"))


def link(runtime):
    with runtime.database.system_session("test") as session:
        assert setup.needed(session)
        return setup.issue(session)


FORM = {"login": "li.lei", "name": "Li Lei", "password": PASSWORD, "again": PASSWORD}


def test_the_setup_link_makes_one_administrator_and_then_no_more(runtime, browser):
    old, code = link(runtime), link(runtime)
    assert len(look(runtime, select(User.id))) == 1, "a second link makes no second account"
    assert browser.get(f"/setup/{old}").status_code == 404
    assert browser.get(f"/setup/{code}").status_code == 200
    weak = browser.post(f"/setup/{code}", {**FORM, "password": "password1234", "again": "password1234"})
    assert weak.status_code == 422
    assert browser.post(f"/setup/{code}", {**FORM, "again": "other"}).status_code == 422
    assert browser.post(f"/setup/{code}", {**FORM, "login": ""}).status_code == 422
    assert browser.post(f"/setup/{code}", FORM).status_code == 303
    assert browser.post(f"/setup/{code}", FORM).status_code == 404
    assert browser.get(f"/setup/{code}").status_code == 404
    assert browser.post("/login", {"login": "li.lei", "password": PASSWORD}).status_code == 303
    (user,) = look(runtime, select(User))
    with runtime.database.system_session("test") as session:
        assert not setup.needed(session)
        actor = actors.load_actor(session, user.id)
    assert actor.can("users.manage")
    assert actor.can("permissions.manage")
    assert not actor.can("customers.view")


def test_a_setup_link_ends_when_somebody_else_administers(runtime, browser, factory):
    code = link(runtime)
    with_password(runtime, factory.user("system_admin"))
    assert browser.get(f"/setup/{code}").status_code == 404


def test_a_reset_link_is_no_setup_link(runtime, browser, factory):
    user = factory.user()
    with runtime.database.system_session("test") as session:
        code = accounts.issue_code(session, None, session.get_one(User, user.id))
    assert browser.get(f"/setup/{code}").status_code == 404


def test_an_administrator_without_password_or_frozen_does_not_count(runtime, factory):
    with runtime.database.system_session("test") as session:
        assert setup.needed(session)
    frozen = with_password(runtime, factory.user("system_admin"))
    factory.user("system_admin")
    with runtime.database.system_session("test") as session:
        assert not setup.needed(session)
        session.get_one(User, frozen.id).status = "frozen"
        session.flush()
        assert setup.needed(session)
