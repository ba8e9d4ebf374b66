"""Lending rights: what reaches from the giver and no further, for how long, to whom, and who may end it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.caps import freezing
from platform_core.contracts.identity import Scope
from platform_core.customers.models import Customer
from platform_core.kernel import counters
from platform_core.kernel.clock import freeze, now, today
from platform_core.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from platform_core.permissions import delegating, services
from platform_core.permissions.actors import COUNTER, load_actor
from platform_core.permissions.delegating import DelegationInput
from platform_core.permissions.models import RoleAssignment
from platform_core.relay import services as relay
from platform_core.users import accounts
from platform_core.users.models import Notification, User

VIEW, EDIT = "customers.view", "customers.edit"
PASSWORD = "nine tall birches"


@pytest.fixture
def giver(factory):
    return factory.user("department_head", factory.department("Sales"), name="Head Zhao")


@pytest.fixture
def helper(factory):
    return factory.user("coordinator", factory.department("Service"), name="Helper Qian")


def lend(runtime, giver, receiver, rights, *, days=5, starts=0):
    with runtime.database.system_session("test") as session:
        actor = load_actor(session, giver.id)
        data = DelegationInput(
            colleague=receiver.login, reason="On holiday", valid_from=now() + timedelta(days=starts),
            valid_to=now() + timedelta(days=days),
        )  # fmt: skip
        return delegating.delegate(session, actor, runtime.manager, data, rights)


def sees(browser, user, customer):
    return browser.sign_in(user).get(f"/customers/{customer.id}").status_code == 200


def test_what_is_lent_reaches_from_the_giver_and_no_further(browser, runtime, factory, giver, helper):
    own = factory.customer(giver, name="Orchid Own")
    department = factory.customer(factory.user("coordinator", factory_department(factory, giver)), name="Lotus Near")
    elsewhere = factory.customer(factory.user("coordinator", factory.department("Far")), name="Peony Far")
    neighbour = factory.customer(factory.user("coordinator", factory_department(factory, helper)), name="Iris Desk")
    theirs = browser.sign_in(helper)
    assert not sees(browser, helper, own)
    lend(runtime, giver, helper, {VIEW: Scope.OWN})
    assert sees(browser, helper, own), "on the next request"
    assert not sees(browser, helper, department)
    lend(runtime, giver, helper, {VIEW: Scope.SUBTREE, EDIT: Scope.OWN})
    for customer, seen in ((own, True), (department, True), (elsewhere, False), (neighbour, False)):
        assert sees(browser, helper, customer) is seen, customer.name
    for path in ("/customers", "/customers?sort=name", "/customers?view=all"):
        shown = theirs.get(path).text
        assert [each.name in shown for each in (own, department, elsewhere, neighbour)] == [True, True, False, False]
    assert theirs.get(f"/customers/{own.id}/edit").status_code == 200
    assert theirs.get(f"/customers/{department.id}/edit").status_code == 403, "seen, not to be changed"
    api = browser.token(helper)
    ids = {item["id"] for item in api.get("/api/v1/customers").json()["items"]}
    assert ids == {str(own.id), str(department.id)}


def factory_department(factory, user):
    from platform_core.users.models import Department

    return factory.read(Department, user.department_id)


def test_a_right_that_one_lacks_for_ones_own_comes_for_the_lent_alone(browser, runtime, factory, giver):
    """Lent rights do not act on what the receiver reaches by themselves."""
    clerk = factory.user("finance", factory.department("Books"))
    lent, other = factory.customer(giver), factory.customer(clerk)
    theirs = browser.sign_in(clerk)
    assert theirs.get(f"/customers/{other.id}/edit").status_code == 403
    lend(runtime, giver, clerk, {VIEW: Scope.OWN, EDIT: Scope.OWN})
    assert theirs.get(f"/customers/{lent.id}/edit").status_code == 200
    assert theirs.get(f"/customers/{other.id}/edit").status_code == 403


def test_nobody_lends_more_than_their_own(runtime, factory, giver, helper):
    refused = (
        {VIEW: Scope.ALL}, {"customers.erase": Scope.OWN}, {"customers.create": Scope.ALL},
        {"permissions.manage": Scope.ALL}, {"users.unfreeze": Scope.ALL}, {"no.such": Scope.OWN},
    )  # fmt: skip
    for rights in refused:
        with pytest.raises(Forbidden):
            lend(runtime, giver, helper, rights)
    with pytest.raises(Invalid):
        lend(runtime, giver, helper, {VIEW: Scope.NONE})
    lend(runtime, giver, helper, {VIEW: Scope.SUBTREE})
    third = factory.user("coordinator")
    with pytest.raises(Forbidden):
        lend(runtime, helper, third, {VIEW: Scope.SUBTREE})
    lend(runtime, helper, third, {VIEW: Scope.OWN})
    with runtime.database.system_session("look", write=False) as session:
        (lender,) = load_actor(session, third.id).deputy_for
    assert (lender.user_id, dict(lender.grants)) == (helper.id, {VIEW: Scope.OWN}), "not what is lent to the helper"


@pytest.mark.parametrize("code", ["security_admin", "system_admin"])
def test_duties_that_are_kept_apart_are_not_joined_by_a_loan(runtime, factory, giver, code):
    with pytest.raises(Forbidden):
        lend(runtime, giver, factory.user(code), {VIEW: Scope.OWN})


def test_days_are_checked(runtime, giver, helper):
    for starts, days in ((0, 31), (3, 2), (-5, -1)):
        with pytest.raises(Invalid) as error:
            lend(runtime, giver, helper, {VIEW: Scope.OWN}, starts=starts, days=days)
        assert "valid_to" in error.value.fields


def test_it_begins_and_ends_by_itself(browser, runtime, factory, giver, helper):
    own = factory.customer(giver)
    lend(runtime, giver, helper, {VIEW: Scope.OWN}, starts=2, days=4)
    assert not sees(browser, helper, own)
    with freeze(now() + timedelta(days=3)):
        assert sees(browser, helper, own)
    with freeze(now() + timedelta(days=5)):
        assert not sees(browser, helper, own)


@pytest.mark.parametrize("how", ["role", "narrower", "frozen", "cap", "left"])
def test_it_ends_at_once_with_the_givers_right(browser, runtime, factory, giver, helper, how):
    own, near = factory.customer(giver), factory.customer(factory.user("", factory_department(factory, giver)))
    lend(runtime, giver, helper, {VIEW: Scope.SUBTREE})
    theirs = browser.sign_in(helper)
    assert theirs.get(f"/customers/{near.id}").status_code == 200
    with runtime.database.system_session("test") as session:
        held = session.scalars(select(RoleAssignment).where(RoleAssignment.user_id == giver.id)).one()
        if how in {"role", "narrower"}:
            services.unassign_role(session, None, held.id)
        if how == "narrower":
            services.assign_role(session, None, giver.id, "coordinator")
        if how in {"frozen", "left"}:
            services.change_status(session, None, giver.id, how)
    if how == "cap":
        freezing.freeze(runtime.database, factory.actor(giver), today(), "open")
        with runtime.database.system_session("test") as session:  # the cap is far away: what freezing does to it
            user = session.get_one(User, giver.id)
            user.status = "frozen"
            counters.bump(session, COUNTER)
    assert theirs.get(f"/customers/{near.id}").status_code == 404
    assert theirs.get(f"/customers/{own.id}").status_code == (200 if how == "narrower" else 404)


def test_page_to_lend_and_to_end(browser, runtime, factory, giver, helper, count_queries):
    own = factory.customer(giver)
    with runtime.database.system_session("password for a test") as session:
        accounts.set_password(session, session.get_one(User, giver.id), PASSWORD)
    inside, theirs = browser.sign_in(giver), browser.sign_in(helper)
    with count_queries(at_most=12):
        page = inside.get("/me/delegations")
    assert 'name="right.customers.view"' in page.text
    assert "customers.create" not in page.text
    assert 'value="all"' not in page.text, "no further than the own reach"
    form = {
        "colleague": helper.name, "reason": "On holiday", "valid_to": str(today() + timedelta(days=3)),
        "right.customers.view": "subtree", "right.customers.edit": "none", "password": PASSWORD,
    }  # fmt: skip
    assert "That was not your password" in inside.post("/me/delegations", {**form, "password": "no"}).text
    for wrong in ({"colleague": "nobody"}, {"valid_to": ""}, {"reason": " "}, {"right.customers.view": "none"}):
        assert inside.post("/me/delegations", {**form, **wrong}).status_code == 422, wrong
    assert inside.post("/me/delegations", {**form, "right.customers.view": "all"}).status_code == 403
    assert inside.post("/me/delegations", form).status_code == 303
    assert sees(browser, helper, own)
    assert "has lent you rights" in theirs.get("/notifications").text
    with count_queries(at_most=12):
        received = theirs.get("/me/delegations").text
    assert giver.name in received
    assert "On holiday" in received
    guard = browser.sign_in(factory.user("security_admin"))
    with count_queries(at_most=12):
        everybodys = guard.get("/settings/delegations").text
    assert f"{giver.name} to {helper.name}" in everybodys
    assert browser.sign_in(helper).get("/settings/delegations").status_code == 403
    url = everybodys.split('action="/me/delegations/')[1].split('"')[0]
    assert browser.sign_in(factory.user("management")).post(f"/me/delegations/{url}", {}).status_code == 404
    assert theirs.post(f"/me/delegations/{url}", {}).status_code == 303, "the receiver gives it back"
    assert not sees(browser, helper, own)
    assert inside.post(f"/me/delegations/{url}", {}).status_code == 404
    with runtime.database.system_session("look", write=False) as session:
        owned = AuditEntry.action.in_(("permissions.delegate", "permissions.end_delegation"))
        _guess, lent, ended = session.scalars(select(AuditEntry).where(owned).order_by(AuditEntry.seq)).all()
        told = session.scalars(select(Notification).where(Notification.user_id == giver.id)).all()
    assert (lent.actor_id, lent.entity_id, lent.after["rights"]) == (giver.id, helper.id, {VIEW: "subtree"})
    assert (ended.actor_id, ended.before["giver"]) == (helper.id, giver.name)
    assert len(told) == 1


def test_ending_and_its_limits(runtime, factory, giver, helper):
    made = lend(runtime, giver, helper, {VIEW: Scope.OWN})
    guard, stranger = factory.actor(factory.user("security_admin")), factory.actor(factory.user("coordinator"))
    with runtime.database.system_session("test") as session, pytest.raises(NotFound):
        delegating.end(session, stranger, made.id)
    with runtime.database.system_session("test") as session:
        delegating.end(session, guard, made.id)
    for _ in range(20):
        lend(runtime, giver, helper, {VIEW: Scope.OWN})
    with pytest.raises(Conflict):
        lend(runtime, giver, helper, {VIEW: Scope.OWN})


def test_who_sees_a_customer_names_the_loan(browser, runtime, factory, giver, helper):
    customer = factory.customer(giver)
    lend(runtime, giver, helper, {VIEW: Scope.OWN})
    page = browser.sign_in(factory.user("management")).get(f"/customers/{customer.id}/audience").text
    assert f"stands in for {giver.name}, who owns this customer" in page


def test_a_deputy_hands_over_what_the_giver_may(runtime, factory, giver, helper):
    """A leg of the giver's department, held by one of its staff; by the lent right, in the deputy's own name."""
    staff = factory.user("coordinator", factory_department(factory, giver))
    customer = factory.customer(staff)
    places = [giver.department_id, factory.department("Next").id]

    def act(user, call):
        with runtime.database.actor_session(factory.actor(user)) as session:
            return call(session, session.info["actor"])

    def open_it(session, actor):
        found = session.get_one(Customer, customer.id)
        return relay.open_engagement(session, actor, found, None, "Course", departments=places).id

    key = act(staff, open_it)

    def hand_over(session, actor):
        return relay.hand_over(session, actor, key, note="go on").offered_by

    lend(runtime, giver, helper, {VIEW: Scope.SUBTREE, "relay.view": Scope.SUBTREE})
    with pytest.raises(Forbidden):
        act(helper, hand_over)
    lend(runtime, giver, helper, {"relay.handover": Scope.SUBTREE})
    assert act(helper, hand_over) == helper.id
