"""Workers that are killed while customers pass to another owner: each customer moves with all its work, or not at all."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from baton_plugins.activities.models import Plan
from sqlalchemy import func, select, update

from platform_core.app import Runtime
from platform_core.audit.models import AuditEntry
from platform_core.customers.models import Customer
from platform_core.customers.transfer import drafts, services
from platform_core.customers.transfer.models import Transfer, TransferRow
from platform_core.kernel.clock import now
from platform_core.kernel.models import JobRow
from platform_core.testing.factories import Factory
from platform_core.users.models import Notification, User
from tests.reliability.victims import victims_of

FEW = 3


def begun(runtime: Runtime, factory: Factory, head: User, sender: User, receiver: User) -> Transfer:
    """Confirmed, and left to the background."""
    customers = [factory.customer(sender) for _ in range(FEW)]
    plan = {"assignee_id": sender.id, "department_id": sender.department_id, "subject": "call", "due_at": now()}
    factory.add(*(Plan(customer_id=customer.id, **plan) for customer in customers))
    actor = factory.actor(head)
    with runtime.database.actor_session(actor) as session:
        transfer = drafts.begin(session, actor, [customer.id for customer in customers], "list")
        drafts.choose(session, actor, transfer.id, {drafts.EVERYTHING: f"person:{receiver.id}"})
        transfer.reason = "a new split"
        services.start(session, actor, transfer, "moving", in_background=True)
    return transfer


def moved(runtime: Runtime, transfer_id: UUID, receiver: User) -> int:
    """Customers of the receiver's; everything that goes with them agrees."""
    with runtime.database.system_session("what a test reads") as session:
        counts = [
            session.scalar(select(func.count()).select_from(model).where(condition))
            for model, condition in (
                (Customer, Customer.owner_id == receiver.id),
                (Plan, Plan.assignee_id == receiver.id),
                (TransferRow, TransferRow.state == "moved"),
                (AuditEntry, AuditEntry.action == "customers.transfer"),
            )
        ]
        transfer = session.get_one(Transfer, transfer_id)
        ends = session.scalar(select(func.count()).where(AuditEntry.action == "customers.transfer_finish"))
        told = session.scalar(select(func.count()).where(Notification.user_id == receiver.id))
    assert {transfer.moved, *counts} == {transfer.moved}
    assert ends == told == (transfer.state == "done")
    return transfer.moved


def test_killed_at_each_statement_it_leaves_whole_customers(runtime: Runtime, factory: Factory) -> None:
    department = factory.department()
    head = factory.user("department_head", department)
    sender, receiver = factory.user(department=department), factory.user(department=department)
    transfer = begun(runtime, factory, head, sender, receiver)
    statement, seen = 1, set()
    with victims_of(runtime.settings.database_url, runtime.settings.data_dir) as victims:
        while victims.run(statement, str(transfer.job_id)):
            seen.add(moved(runtime, transfer.id, receiver))
            with runtime.database.system_session("a minute passes") as session:
                session.execute(
                    update(JobRow).where(JobRow.state == "running").values(lease_until=now() - timedelta(seconds=1))
                )
            statement += 1
    assert moved(runtime, transfer.id, receiver) == FEW
    assert seen == {0, FEW}
    assert statement > 20
