"""Teams: who makes them and whom they let see what, on the next request in every process."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.contracts.identity import Scope
from platform_core.kernel.clock import freeze, now, today
from platform_core.kernel.errors import Forbidden, Invalid
from platform_core.permissions import editing, services, teams
from platform_core.permissions.actors import load_actor
from platform_core.users.models import Notification, Team


@pytest.fixture
def guard(factory):
    return factory.user("security_admin")


@pytest.fixture
def staff(runtime, factory):
    """Somebody whose role reaches the customers of their teams."""
    with runtime.database.system_session("test") as session:
        role = editing.create_role(session, None, editing.RoleInput(name="Team staff", code="team_staff"))
        rights = {"customers.view": Scope.TEAM, "users.view": Scope.ALL}
        editing.change_grants(session, None, runtime.manager, role.id, rights, version=role.version)
    return factory.user("team_staff", factory.department("Desk"), name="Staff Sun")


@pytest.fixture
def team(runtime):
    with runtime.database.system_session("test") as session:
        return teams.create(session, None, "North")


def test_a_team_from_its_page_to_its_customers(browser, factory, runtime, guard, staff, count_queries):
    inside, theirs = browser.sign_in(guard), browser.sign_in(staff)
    made = inside.post("/settings/teams", {"name": "North"})
    assert made.status_code == 303
    url = made.headers["location"]
    team_id = url.rpartition("/")[2]
    assert inside.post("/settings/teams", {"name": "north"}).status_code == 422
    with runtime.database.system_session("look", write=False) as session:
        (team,) = session.scalars(select(Team)).all()
    assert str(team.id) == team_id
    customer, other = factory.customer(team_id=team.id), factory.customer()
    page = f"/customers/{customer.id}"
    assert theirs.get(page).status_code == 404
    assert inside.post(f"{url}/members", {"colleague": "nobody"}).status_code == 422
    assert inside.post(f"{url}/members", {"colleague": staff.name}).status_code == 303
    assert theirs.get(page).status_code == 200, "on the next request"
    assert theirs.get(f"/customers/{other.id}").status_code == 404
    assert inside.post(url, {"name": "North", "lead_id": str(staff.id)}).status_code == 303
    with count_queries(at_most=12):
        shown = inside.get(url).text
    assert staff.name in shown
    assert "leads it" in shown
    with count_queries(at_most=12):
        assert "led by Staff Sun" in inside.get("/settings/teams").text
    assert inside.post(f"{url}/dissolve").status_code == 409
    assert inside.post(f"{url}/members/{staff.id}/end").status_code == 303
    assert theirs.get(page).status_code == 404, "on the next request"
    assert inside.post(f"{url}/members/{staff.id}/end").status_code == 404
    assert inside.post(f"{url}/dissolve").status_code == 303
    assert inside.get(url).status_code == 404
    with runtime.database.system_session("look", write=False) as session:
        lines = session.scalars(
            select(AuditEntry.action).where(AuditEntry.action.like("%team")).order_by(AuditEntry.seq)
        ).all()
        told = session.scalars(select(Notification.parameters).where(Notification.user_id == staff.id)).all()
    assert [line.partition(".")[2] for line in lines] == [
        "add_team", "join_team", "edit_team", "leave_team", "dissolve_team",
    ]  # fmt: skip
    assert told == [{"team": "North"}]


def test_membership_ends_at_its_moment(browser, factory, runtime, guard, staff, team):
    customer = factory.customer(team_id=team.id)
    theirs = browser.sign_in(staff)
    form = {"colleague": staff.login, "until": str(today() + timedelta(days=2))}
    assert browser.sign_in(guard).post(f"/settings/teams/{team.id}/members", form).status_code == 303
    assert theirs.get(f"/customers/{customer.id}").status_code == 200
    with freeze(now() + timedelta(days=4)):
        assert browser.sign_in(staff).get(f"/customers/{customer.id}").status_code == 404


def test_nobody_takes_themselves_in_and_others_may_not_at_all(browser, factory, runtime, guard, team):
    """Otherwise those who decide who sees what would decide it for themselves."""
    with runtime.database.system_session("test") as session:
        actor = load_actor(session, guard.id)
        with pytest.raises(Forbidden):
            teams.add(session, actor, team.id, guard.login)
        with pytest.raises(Invalid):
            teams.change(session, actor, team.id, teams.TeamInput(name="North", lead_id=guard.id))
    for code in ("management", "system_admin", "department_head"):
        inside = browser.sign_in(factory.user(code))
        assert inside.get("/settings/teams").status_code == 403
        assert inside.post(f"/settings/teams/{team.id}/members", {"colleague": guard.login}).status_code == 403


def test_another_process_follows_at_once(browser, factory, runtime, staff, team):
    """What is kept of rights does not outlive a change that another process makes."""
    customer = factory.customer(team_id=team.id)
    theirs = browser.sign_in(staff)
    assert theirs.get(f"/customers/{customer.id}").status_code == 404
    with runtime.database.system_session("another process") as session:
        teams.add(session, None, team.id, staff.login)
    assert theirs.get(f"/customers/{customer.id}").status_code == 200


def test_who_adds_a_customer_adds_it_to_their_team(browser, factory, runtime, staff, team):
    """With several teams, or none, it belongs to nobody's."""
    adding = factory.user("coordinator", factory.department())
    with runtime.database.system_session("test") as session:
        teams.add(session, None, team.id, adding.login)
        services.assign_role(session, None, staff.id, "coordinator")
        teams.add(session, None, team.id, staff.login)
    api = browser.token(adding)
    made = api.request("POST", "/api/v1/customers", json={"name": "Orchid House"})
    assert made.status_code == 201
    assert browser.sign_in(staff).get(f"/customers/{made.json()['id']}").status_code == 200
    with runtime.database.system_session("test") as session:
        second = teams.create(session, None, "South")
        teams.add(session, None, second.id, adding.login)
    made = api.request("POST", "/api/v1/customers", json={"name": "Lotus House"})
    assert browser.sign_in(staff).get(f"/customers/{made.json()['id']}").status_code == 404
