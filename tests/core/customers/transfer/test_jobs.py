"""Large transfers run in the background; whoever is killed leaves whole customers, and what was done stays done."""

from __future__ import annotations

from datetime import timedelta

import pytest
from baton_plugins.activities.models import Plan
from sqlalchemy import event, func, select

from platform_core.audit.models import AuditEntry
from platform_core.customers.models import Customer
from platform_core.customers.transfer import drafts, jobs, services
from platform_core.customers.transfer.models import Transfer, TransferRow
from platform_core.kernel import counters
from platform_core.kernel.clock import now
from platform_core.kernel.jobs import JobContext, enqueue
from platform_core.kernel.models import JobRow
from platform_core.permissions.actors import COUNTER


@pytest.fixture
def many(factory, house):
    customers = [factory.customer(house.anna) for _ in range(230)]
    plan = {"assignee_id": house.anna.id, "department_id": house.north.id, "subject": "call", "due_at": now()}
    factory.add(*(Plan(customer_id=item.id, **plan) for item in customers))
    return customers


@pytest.fixture
def confirmed(runtime, factory, house, give, many):
    transfer = give(house.head, many, house.ben)
    assert transfer.state == "moving"
    return transfer


def counts(runtime, transfer):
    """(customers of Ben's, plans of Ben's, lines moved, audit lines)."""
    with runtime.database.system_session("what a test reads") as session:
        ben = select(TransferRow.to_id).where(TransferRow.transfer_id == transfer.id).limit(1).scalar_subquery()
        asked = (
            select(func.count()).select_from(Customer).where(Customer.owner_id == ben),
            select(func.count()).select_from(Plan).where(Plan.assignee_id == ben),
            select(func.count()).select_from(TransferRow).where(TransferRow.state == "moved"),
            select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "customers.transfer"),
        )
        return tuple(session.scalar(statement) for statement in asked)


def test_more_than_two_hundred_move_in_the_background(runtime, factory, house, confirmed):
    assert counts(runtime, confirmed) == (0, 0, 0, 0)
    runtime.jobs.run(confirmed.job_id)
    assert counts(runtime, confirmed) == (230, 230, 230, 230)
    row = factory.read(JobRow, confirmed.job_id)
    assert (row.state, row.done, row.total) == ("done", 230, 230)
    transfer = factory.read(Transfer, confirmed.id)
    assert (transfer.state, transfer.moved) == ("done", 230)
    actor = factory.actor(house.head)
    with runtime.database.actor_session(actor) as session:
        back = services.undo(session, actor, transfer.id)
    runtime.jobs.run(back.job_id)
    with runtime.database.system_session("what a test reads") as session:
        owners = set(session.scalars(select(Customer.owner_id)))
        assignees = set(session.scalars(select(Plan.assignee_id)))
    assert (owners, assignees) == ({house.anna.id}, {house.anna.id})
    assert factory.read(Transfer, confirmed.id).state == "undone"


def test_a_killed_job_leaves_whole_customers_and_is_finished_by_the_next(runtime, factory, confirmed):
    calls = []

    def die(_connection, _cursor, statement, *_rest):
        if statement.startswith("UPDATE activities_plan"):
            calls.append(statement)
            if len(calls) == 2:  # customers of the second slice have their new owner, their plans not yet
                raise KeyboardInterrupt

    event.listen(runtime.database.engine, "before_cursor_execute", die)
    try:
        with pytest.raises(KeyboardInterrupt):
            runtime.jobs.run(confirmed.job_id)
    finally:
        event.remove(runtime.database.engine, "before_cursor_execute", die)
    assert counts(runtime, confirmed) == (100, 100, 100, 100)  # the first slice, whole; nothing of the second
    with runtime.database.system_session("its lease runs out") as session:
        session.get(JobRow, confirmed.job_id).lease_until = now() - timedelta(seconds=1)
    assert confirmed.job_id in runtime.jobs.due()
    runtime.jobs.run(confirmed.job_id)
    assert counts(runtime, confirmed) == (230, 230, 230, 230)
    assert not runtime.jobs.run(confirmed.job_id)
    assert counts(runtime, confirmed) == (230, 230, 230, 230)


def test_the_job_runs_with_the_rights_of_that_moment(runtime, factory, house, confirmed):
    with runtime.database.system_session("moved to another branch") as session:
        session.get(type(house.head), house.head.id).department_id = house.training.id
    with runtime.database.system_session("everybody knows") as session:
        counters.bump(session, COUNTER)
    runtime.jobs.run(confirmed.job_id)
    assert counts(runtime, confirmed) == (0, 0, 0, 0)
    assert factory.read(Transfer, confirmed.id).refused == 230


def test_drafts_are_forgotten_after_a_week(runtime, factory, house):
    actor, customer = factory.actor(house.head), factory.customer(house.anna)
    with runtime.database.actor_session(actor) as session:
        key = drafts.begin(session, actor, [customer.id], "one").id
    with runtime.database.system_session("a job") as session:
        job_id = enqueue(session, "customers.transfer_tidy")
    runtime.jobs.run(job_id)
    assert factory.read(Transfer, key) is not None
    with runtime.database.system_session("a week goes by") as session:
        session.get(Transfer, key).updated_at = now() - timedelta(days=8)
    jobs.tidy(JobContext(runtime.database, job_id, {}, 1, timedelta(minutes=1), None))
    assert factory.read(Transfer, key) is None
