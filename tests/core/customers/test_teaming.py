"""Customers that are here already get a team: one by one, many at once, over the API; never further than one may."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.contracts.identity import Scope
from platform_core.customers.models import Customer
from platform_core.permissions import editing, teams
from tests.core.customers.transfer.conftest import general, house, in_english

__all__ = ["general", "house", "in_english"]


@pytest.fixture
def team(runtime, house):
    """`team(name, *people)`"""

    def make(name, *people):
        with runtime.database.system_session("a team for a test") as session:
            made = teams.create(session, None, name)
            for person in people:
                teams.add(session, None, made.id, person.login)
            return made

    return make


@pytest.fixture
def mate(runtime, factory, house):
    """Somebody of another branch whose role reaches the customers of their teams."""
    with runtime.database.system_session("test") as session:
        role = editing.create_role(session, None, editing.RoleInput(name="Team staff", code="team_staff"))
        rights = {"customers.view": Scope.TEAM, "users.view": Scope.ALL}
        editing.change_grants(session, None, runtime.manager, role.id, rights, version=role.version)
    return factory.user("team_staff", house.training, name="Mia")


def team_of(factory, customer):
    return factory.read(Customer, customer.id).team_id


def test_an_owner_shares_with_the_own_team_on_the_next_request(
    browser, runtime, factory, house, team, mate, count_queries
):
    mixed = team("Mixed", house.anna, mate)
    customer, other = factory.customer(house.anna, name="Acme"), factory.customer(house.ben)
    anna, mia = browser.sign_in(house.anna), browser.sign_in(mate)
    url = f"/customers/{customer.id}"
    assert mia.get(url).status_code == 404
    assert f"{url}/team" in anna.get(url).text
    with count_queries(at_most=12):
        asked = anna.get(f"{url}/team").text
    assert f'value="{mixed.id}"' in asked
    assert anna.post(f"{url}/team", {"team_id": str(mixed.id), "reason": ""}).status_code == 422
    assert anna.post(f"{url}/team", {"team_id": str(mixed.id), "reason": "we both work on it"}).status_code == 303
    assert mia.get(url).status_code == 200
    assert "Acme" in browser.sign_in(house.head).get(f"/customers?f=team:is:{mixed.id}").text
    assert mia.get(f"/customers/{other.id}").status_code == 404
    refused = mia.get(f"{url}/team")
    assert (refused.status_code, "Ask one of these people: Anna, Hanna" in refused.text) == (403, True), (
        "sees it, decides nothing"
    )
    with runtime.database.system_session("look", write=False) as session:
        line = session.scalars(select(AuditEntry).where(AuditEntry.action == "customers.team")).one()
    assert (line.before, line.after, line.reason) == ({"team": ""}, {"team": "Mixed"}, "we both work on it")
    assert anna.post(f"{url}/team", {"team_id": "", "reason": "finished"}).status_code == 303
    assert mia.get(url).status_code == 404


def test_only_teams_of_ones_own_or_of_ones_branch_can_be_chosen(browser, runtime, factory, house, team, mate, general):
    inside, across, empty = team("Inside", house.anna, house.carl), team("Across", house.ben, mate), team("Empty")
    customer = factory.customer(house.anna)
    url = f"/customers/{customer.id}/team"
    head, ben = browser.sign_in(house.head), browser.sign_in(house.ben)
    shown = head.get(url).text
    assert [str(each.id) in shown for each in (inside, across, empty)] == [True, False, False]
    for wrong in (across, empty):
        assert head.post(url, {"team_id": str(wrong.id), "reason": "why not"}).status_code == 422
    assert ben.get(url).status_code == 404
    assert ben.post(url, {"team_id": str(across.id), "reason": "mine now"}).status_code == 404
    assert head.post(url, {"team_id": str(inside.id), "reason": "both groups"}).status_code == 303
    assert team_of(factory, customer) == inside.id
    general("management")
    assert str(across.id) in browser.sign_in(house.boss).get(url).text
    elsewhere = factory.customer(house.tom)
    assert head.post(f"/customers/{elsewhere.id}/team", {"team_id": "", "reason": "x y"}).status_code == 404


def test_a_selection_gets_a_team_and_what_is_not_ones_own_to_decide_stays(browser, factory, house, team, count_queries):
    """The office sees every customer and changes it, but decides about the teams of its own alone."""
    olga = factory.user("office", house.north, name="Olga")
    mixed = team("Mixed", olga, house.carl)
    mine, other = [factory.customer(olga) for _number in range(3)], factory.customer(house.ben, name="Bens Mill")
    office = browser.sign_in(olga)
    assert 'formaction="/customers/teams"' in browser.sign_in(house.head).get("/customers").text
    ids = [str(customer.id) for customer in (*mine, other)]
    with count_queries(at_most=12):
        asked = office.post("/customers/teams", {"ids": ids}).text
    for part in ("3 customers get this team", "Bens Mill", "Ask one of these people: Ben.", f'value="{mixed.id}"'):
        assert part in asked
    form = {"ids": ids, "team_id": str(mixed.id), "reason": "a project of both"}
    done = office.post("/customers/teams/set", form)
    assert (done.status_code, done.headers["location"]) == (303, "/customers")
    assert [team_of(factory, customer) for customer in mine] == [mixed.id] * 3
    assert team_of(factory, other) is None
    assert office.post("/customers/teams/set", form | {"reason": ""}).status_code == 422
    assert office.post("/customers/teams", {"ids": ["nonsense"]}).status_code == 422
    assert office.post("/customers/teams", {}).status_code == 422
    assert "3 customers get this team" in office.post("/customers/teams", {"whole": "1", "state": "view=all"}).text


def test_programs_put_customers_into_teams(browser, factory, house, team):
    mixed = team("Mixed", house.anna, house.carl)
    customer = factory.customer(house.anna)
    anna, ben = browser.token(house.anna), browser.token(house.ben)
    assert anna.get("/api/v1/customers/teams").json()["items"] == [{"id": str(mixed.id), "name": "Mixed"}]
    url, wanted = f"/api/v1/customers/{customer.id}/team", {"team_id": str(mixed.id), "reason": "both of us"}
    assert anna.request("PUT", url, json=wanted).json()["team_id"] == str(mixed.id)
    assert ben.request("PUT", url, json=wanted).status_code in {403, 404}
    assert anna.request("PUT", url, json={"team_id": None, "reason": ""}).status_code == 422
    assert anna.request("PUT", url, json={"team_id": None, "reason": "done"}).json()["team_id"] is None
