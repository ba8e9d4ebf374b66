"""Customers pass downwards within one's own branch, with the open work of their owner, and back again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from baton_plugins.activities.models import Plan
from baton_plugins.opportunities.models import Opportunity, ProjectType
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.contracts.identity import Scope
from platform_core.customers.models import Customer
from platform_core.customers.transfer import drafts, people, queries, services
from platform_core.customers.transfer.models import Transfer, TransferRow
from platform_core.kernel import counters
from platform_core.kernel.clock import now
from platform_core.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from platform_core.permissions.actors import COUNTER
from platform_core.permissions.models import Access, DelegatedRight, Delegation
from platform_core.permissions.policies import live
from platform_core.relay.models import Leg, RelayEvent
from platform_core.relay.services import open_engagement
from platform_core.users.models import Notification


def place(factory, customer):
    found = factory.read(Customer, customer.id)
    return found.owner_id, found.department_id, found.team_id


def whys(runtime, transfer):
    with runtime.database.system_session("what a test reads") as session:
        rows = session.execute(
            select(TransferRow.state, TransferRow.why).where(TransferRow.transfer_id == transfer.id)
            .order_by(TransferRow.number)
        ).all()  # fmt: skip
    return [tuple(row) for row in rows]


def test_a_head_gives_a_customer_to_somebody_in_the_own_branch(runtime, factory, house, give):
    customer = factory.customer(house.anna)
    transfer = give(house.head, [customer], house.carl, "Anna has too many")
    assert place(factory, customer) == (house.carl.id, house.south.id, None)
    assert (transfer.state, transfer.moved, transfer.refused) == ("done", 1, 0)
    with runtime.database.system_session("what a test reads") as session:
        line = session.scalars(select(AuditEntry).where(AuditEntry.action == "customers.transfer")).one()
        told = {row.user_id: row for row in session.scalars(select(Notification))}
    assert line.before == {"owner_id": "Anna", "department_id": "North"}
    assert line.after == {"owner_id": "Carl", "department_id": "South"}
    assert (line.reason, line.customer_id) == ("Anna has too many", customer.id)
    assert set(told) == {house.anna.id, house.carl.id}
    assert all(row.url == transfer.url and row.parameters["count"] == 1 for row in told.values())


def test_a_customer_does_not_leave_the_branch_without_the_general_right(runtime, factory, house, give, general):
    ours, theirs = factory.customer(house.anna), factory.customer(house.tom)
    with pytest.raises(Invalid) as refused:
        give(house.head, [ours], house.tom)
    assert "to" in refused.value.fields  # nobody of another branch is offered
    with pytest.raises(NotFound):
        give(house.head, [theirs], house.anna)  # and what is not seen is not there
    general("department_head")
    transfer = give(house.head, [ours], house.tom)
    assert place(factory, ours) == (house.tom.id, house.training.id, None)
    assert whys(runtime, transfer) == [("moved", "")]


def test_what_is_seen_through_the_relay_is_refused_with_a_reason(runtime, factory, house, give):
    """A baton in one's own branch shows the customer, and is no right to take it."""
    customer = factory.customer(house.tom)
    own = factory.customer(house.anna)
    share = {"customer_id": customer.id, "granted_by": house.tom.id, "may_write": True}
    factory.add(Access(kind="member", user_id=house.head.id, role="helper", **share))
    transfer = give(house.head, [customer, own], house.ben)
    assert whys(runtime, transfer) == [("refused", "outside"), ("moved", "")]
    assert place(factory, customer) == (house.tom.id, house.training.id, None)
    with pytest.raises(Conflict, match="None of these"):
        give(house.head, [customer], house.ben)


def test_the_scope_all_alone_reaches_the_own_branch(factory, house, give, general):
    """Managers see all; giving from branch to branch is a right of its own."""
    manager = factory.user("management", house.sales, name="Mona")
    with pytest.raises(Conflict):
        give(manager, [factory.customer(house.tom)], house.anna)
    customer = factory.customer(house.anna)
    give(manager, [customer], house.carl)
    assert place(factory, customer)[0] == house.carl.id
    general("management")
    other = factory.customer(house.tom)
    give(manager, [other], house.anna)
    assert place(factory, other)[0] == house.anna.id


def test_coordinators_transfer_nothing(factory, house, give):
    with pytest.raises(Forbidden, match="may not give customers"):
        give(house.anna, [factory.customer(house.anna)], house.ben)


def test_only_people_who_work_with_customers_are_receivers(runtime, factory, house, give):
    admin = factory.user("system_admin", house.north)
    with pytest.raises(Invalid):
        give(house.head, [factory.customer(house.anna)], admin)
    customer = factory.customer(house.anna)
    actor = factory.actor(house.head)
    with runtime.database.actor_session(actor) as session:
        key = drafts.begin(session, actor, [customer.id], "one").id
    with runtime.database.actor_session(actor) as session:
        drafts.choose(session, actor, key, {"": f"person:{house.ben.id}"})
    with runtime.database.system_session("he leaves meanwhile") as session:
        session.get(type(house.ben), house.ben.id).status = "left"
    with runtime.database.actor_session(actor) as session:
        services.confirm(session, actor, key, "a reason")
    assert whys(runtime, type("T", (), {"id": key})) == [("refused", "unfit")]
    assert place(factory, customer)[0] == house.anna.id


def test_people_of_a_department_take_turns(factory, house, give):
    customers = [factory.customer(house.carl) for _ in range(4)]
    give(house.head, customers, f"department:{house.north.id}")
    assert [place(factory, item)[0] for item in customers] == [house.anna.id, house.ben.id] * 2


def test_who_has_been_faster_is_not_overwritten(runtime, factory, house):
    customer = factory.customer(house.anna)
    actor = factory.actor(house.head)
    with runtime.database.actor_session(actor) as session:
        key = drafts.begin(session, actor, [customer.id], "one").id
        drafts.choose(session, actor, key, {"": f"person:{house.ben.id}"})
    with runtime.database.system_session("somebody else") as session:
        session.get(Customer, customer.id).owner_id = house.carl.id
    with runtime.database.actor_session(actor) as session:
        services.confirm(session, actor, key, "a reason")
    assert whys(runtime, type("T", (), {"id": key})) == [("refused", "changed")]


def test_a_preview_that_changed_is_not_confirmed(runtime, factory, house):
    actor, customer = factory.actor(house.head), factory.customer(house.anna)
    with runtime.database.actor_session(actor) as session:
        transfer = drafts.begin(session, actor, [customer.id], "one")
        drafts.choose(session, actor, transfer.id, {"": f"person:{house.ben.id}"})
    seen = transfer.version
    with runtime.database.actor_session(actor) as session:
        drafts.choose(session, actor, transfer.id, {"": f"person:{house.carl.id}"})
    with runtime.database.actor_session(actor) as session, pytest.raises(Conflict, match="changed"):
        services.confirm(session, actor, transfer.id, "a reason", seen)
    with runtime.database.actor_session(actor) as session, pytest.raises(Invalid):
        services.confirm(session, actor, transfer.id, "  ")


@pytest.fixture
def busy(runtime, factory, house):
    """A customer of Anna's with everything that an owner has to do with one."""
    customer = factory.customer(house.anna)
    actor = factory.actor(house.anna)
    with runtime.database.actor_session(actor) as session:
        found = session.get(Customer, customer.id)
        engagement = open_engagement(session, actor, found, None, "Seminar", departments=[house.north.id])
    with runtime.database.system_session("what an owner has") as session:
        kind = session.scalars(select(ProjectType)).first()
        common = {"customer_id": customer.id, "assignee_id": house.anna.id, "department_id": house.north.id}
        session.add_all([
            Plan(subject="call", due_at=now(), **common),
            Plan(subject="visit", due_at=now(), engagement_id=engagement.id, **common),
            Plan(subject="was", due_at=now(), state="done", **common),
            Plan(subject="Ben's", due_at=now(), **{**common, "assignee_id": house.ben.id}),
            Opportunity(
                customer_id=customer.id, project_type_id=kind.id, title="Deal", owner_id=house.anna.id,
                owner_label="Anna", department_label="North",
            ),
        ])  # fmt: skip
    return customer


def state_of(runtime):
    with runtime.database.system_session("what a test reads") as session:
        plans = {row.subject: (row.assignee_id, row.department_id) for row in session.scalars(select(Plan))}
        deal = session.scalars(select(Opportunity)).one()
        leg = session.scalars(select(Leg)).one()
        writing = select(Access.user_id).where(Access.kind == "member", Access.may_write, live())
        return (
            plans, (deal.owner_id, deal.owner_label, deal.department_label), leg.assignee_id,
            set(session.scalars(writing)),
        )  # fmt: skip


def test_open_work_goes_along_and_comes_back(runtime, factory, house, give, busy):
    before = state_of(runtime)
    actor = factory.actor(house.head)
    with runtime.database.actor_session(actor) as session:
        draft = drafts.begin(session, actor, [busy.id], "one")
        drafts.choose(session, actor, draft.id, {"": f"person:{house.ben.id}"})
        session.flush()
        takers = people.offered(session, actor, {"relay.accept"})
        found = queries.company(session, draft, queries.followers(session), takers)
        shown = {item.label: (item.moving, item.staying) for item in found}
    assert shown == {"Plans": (2, 0), "Opportunities": (1, 0), "Legs of engagements": (1, 0)}
    transfer = give(house.head, [busy], house.ben)
    plans, deal, holder, writing = state_of(runtime)
    assert plans["call"] == plans["visit"] == plans["Ben's"] == (house.ben.id, house.north.id)
    assert plans["was"] == (house.anna.id, house.north.id)
    assert (deal, holder, writing) == ((house.ben.id, "Ben", "North"), house.ben.id, {house.ben.id})
    assert factory.read(Transfer, transfer.id).along == {
        "activities_plan.assignee_id": 2, "opportunities_opportunity.owner_id": 1, "relay_leg.assignee_id": 1,
    }  # fmt: skip
    with runtime.database.actor_session(actor) as session:
        services.undo(session, actor, transfer.id)
    assert state_of(runtime) == before
    assert place(factory, busy) == (house.anna.id, house.north.id, None)
    with runtime.database.system_session("what a test reads") as session:
        kinds = [row.kind for row in session.scalars(select(RelayEvent).order_by(RelayEvent.at, RelayEvent.id))]
    assert kinds == ["opened", "reassigned", "reassigned"]


def test_legs_stay_in_their_department_and_what_belongs_to_them_too(runtime, factory, house, give, busy):
    """Carl works in another department: the leg is North's, and he could not even see its plan."""
    give(house.head, [busy], house.carl)
    plans, deal, holder, writing = state_of(runtime)
    assert plans["call"] == (house.carl.id, house.south.id)
    assert plans["visit"] == (house.anna.id, house.north.id)
    assert (deal[0], holder, writing) == (house.carl.id, house.anna.id, {house.anna.id})


def test_undo_gives_back_what_nobody_has_touched_since(runtime, factory, house, give):
    first, second, third = (factory.customer(house.anna) for _ in range(3))
    transfer = give(house.head, [first, second, third], house.ben)
    give(house.head, [second], house.carl)
    with runtime.database.system_session("work goes on") as session:
        session.get(Customer, third.id).name = "Renamed"
    actor = factory.actor(house.head)
    with runtime.database.actor_session(actor) as session:
        services.undo(session, actor, transfer.id)
    assert whys(runtime, transfer) == [("undone", ""), ("kept", "later"), ("undone", "")]
    assert place(factory, second)[0] == house.carl.id
    assert factory.read(Customer, third.id).name == "Renamed"
    with runtime.database.actor_session(actor) as session, pytest.raises(Conflict, match="30 days"):
        services.undo(session, actor, transfer.id)


def test_undo_ends_after_thirty_days_and_is_not_for_everybody(runtime, factory, house, give):
    customer = factory.customer(house.anna)
    transfer = give(house.head, [customer], house.ben)
    ben = factory.actor(house.ben)
    with runtime.database.actor_session(ben) as session:
        assert drafts.get(session, transfer.id).moved == 1  # it concerned him
        with pytest.raises(Forbidden, match="Hanna"):
            services.undo(session, ben, transfer.id)
    tom = factory.actor(house.tom)
    with runtime.database.actor_session(tom) as session, pytest.raises(NotFound):
        drafts.get(session, transfer.id)
    with runtime.database.system_session("a month goes by") as session:
        session.get(Transfer, transfer.id).finished_at = now() - timedelta(days=31)
    head = factory.actor(house.head)
    with runtime.database.actor_session(head) as session, pytest.raises(Conflict, match="30 days"):
        services.undo(session, head, transfer.id)


def test_who_has_left_gets_nothing_back(runtime, factory, house, give):
    customer = factory.customer(house.anna)
    transfer = give(house.head, [customer], house.ben)
    with runtime.database.system_session("she leaves") as session:
        session.get(type(house.anna), house.anna.id).status = "left"
    actor = factory.actor(house.head)
    with runtime.database.actor_session(actor) as session:
        services.undo(session, actor, transfer.id)
    assert whys(runtime, transfer) == [("kept", "left")]
    assert place(factory, customer)[0] == house.ben.id


def test_a_deputy_transfers_within_the_branch_of_whom_they_stand_for(runtime, factory, house, give):
    """A lent right reaches as far as that of its giver, and does not join two branches."""
    training_head = factory.user("department_head", house.training, name="Thea")
    with runtime.database.system_session("Hanna is away") as session:
        lent = Delegation(
            giver_id=house.head.id, receiver_id=training_head.id, reason="holidays", valid_from=now(),
            valid_to=now() + timedelta(days=2),
        )  # fmt: skip
        session.add(lent)
        session.flush()
        for permission in ("customers.view", "customers.transfer"):
            session.add(DelegatedRight(delegation_id=lent.id, permission=permission, scope=Scope.SUBTREE))
        counters.bump(session, COUNTER)
    customer = factory.customer(house.anna)
    give(training_head, [customer], house.carl)
    assert place(factory, customer)[0] == house.carl.id
    both = give(training_head, [customer, factory.customer(house.tom)], house.ben)
    assert whys(runtime, both) == [("moved", ""), ("refused", "away")]
    with pytest.raises(Conflict):
        give(training_head, [customer], house.tom)
