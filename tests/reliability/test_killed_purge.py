"""Workers that are killed while they empty the bin: each customer is gone with everything, or lies there untouched."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from baton_plugins.activities.models import FollowUp
from sqlalchemy import func, select, update

from platform_core.app import Runtime
from platform_core.audit.models import AuditEntry
from platform_core.customers import services
from platform_core.customers.bin import rule
from platform_core.customers.forms import CustomerInput
from platform_core.customers.mergemodels import Erasure
from platform_core.customers.models import Contact, ContactPoint, Customer
from platform_core.kernel.clock import freeze, now, today
from platform_core.kernel.jobs import enqueue
from platform_core.kernel.models import JobRow
from platform_core.testing.factories import Factory
from tests.reliability.victims import victims_of

FEW, STRIDE = 3, 9


def filled(runtime: Runtime, factory: Factory) -> tuple[set[UUID], UUID]:
    """Customers with contact, number and follow-up that lie in the bin longer than the rule says, and the job."""
    boss = factory.user("management", factory.department())
    actor, made = factory.actor(boss), set()
    with freeze(now() - timedelta(days=60)):
        for number in range(FEW):
            with runtime.database.actor_session(actor) as session:
                given = CustomerInput(name=f"Binned {number}", contact_name="Wang", phone=f"1380000600{number}")
                customer = services.create(session, actor, given)
                session.flush()
                session.add(FollowUp(customer_id=customer.id, body="said hello", author_id=boss.id))
                made.add(customer.id)
                services.move_to_bin(session, actor, customer.id)
    with runtime.database.system_session("told long ago") as session:
        rule.keep(session, rule.Rule(30, today(), today()))
        return made, enqueue(session, "customers.purge")


def gone(runtime: Runtime, made: set[UUID]) -> int:
    """How many were erased; everything that belongs to a customer agrees."""
    with runtime.database.system_session("what a test reads") as session:
        erased = set(session.scalars(select(Erasure.customer_id)))
        named = set(session.scalars(select(Customer.id).where(Customer.name.startswith("Binned"))))
        reached = {
            *session.scalars(select(Contact.customer_id)), *session.scalars(select(ContactPoint.customer_id)),
            *session.scalars(select(FollowUp.customer_id).where(FollowUp.body != "")),
        }  # fmt: skip
        lines = session.scalars(select(AuditEntry.customer_id).where(AuditEntry.action == "customers.erase")).all()
    assert named == reached == made - erased
    assert sorted(lines) == sorted(erased), "one line each"
    return len(erased)


def test_killed_at_statements_all_over_it_leaves_whole_customers(runtime: Runtime, factory: Factory) -> None:
    made, job = filled(runtime, factory)
    statement, seen = 1, set()
    with victims_of(runtime.settings.database_url, runtime.settings.data_dir) as victims:
        while victims.run(statement, str(job)):
            seen.add(gone(runtime, made))
            with runtime.database.system_session("a minute passes") as session:
                session.execute(
                    update(JobRow)
                    .where(JobRow.state == "running")
                    .values(lease_until=now() - timedelta(seconds=1), attempts=1)
                )
            statement += STRIDE
    assert gone(runtime, made) == FEW
    assert len(seen) > 1, "some were gone and others not yet"
    with runtime.database.system_session("what a test reads") as session:
        assert session.get_one(JobRow, job).state == "done"
        assert session.scalar(select(func.count()).select_from(Customer)) == FEW, "rows stay, without the person"
