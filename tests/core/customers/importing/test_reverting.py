"""The way back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import Column, MetaData, Table, Uuid, func, insert, select

from platform_core.audit.models import AuditEntry
from platform_core.contracts.identity import Actor
from platform_core.customers import contacts, services, tags
from platform_core.customers.forms import AddressInput, ContactInput, CustomerPatch
from platform_core.customers.models import Address, Attachment, Contact, ContactPoint, Customer, StatusChange
from platform_core.customers.searchmodel import SearchRow
from platform_core.kernel.clock import freeze, now
from platform_core.kernel.ids import new_id
from platform_core.kernel.models import OwnerRecord
from platform_core.permissions.models import Access
from platform_core.plugins.catalogue import Content, StoredReference
from platform_core.relay.models import Engagement
from platform_core.testing.browser import Browser
from platform_core.testing.factories import Factory
from tests.core.customers.importing.conftest import TITLES, Collector, row, xlsx


def imported(collector: Collector, count: int) -> dict[str, UUID]:
    """Customer name -> id of an import that is done."""
    rows = [row(客户名称=f"客户{place}", 手机=f"139000{place:05}") for place in range(count)]
    collector.upload(xlsx(TITLES, rows))
    collector.check()
    collector.commit()
    return {customer.name: customer.id for customer in collector.customers()}


def counts(collector: Collector) -> list[int]:
    models = (Customer, Contact, ContactPoint, Address, SearchRow, StatusChange)
    with collector.runtime.database.system_session("test") as session:
        return [session.scalar(select(func.count()).select_from(model)) or 0 for model in models]


def test_untouched_customers_go_with_everything_they_had(collector: Collector) -> None:
    imported(collector, 3)
    assert counts(collector)[0] == 3
    assert "Will be removed" in collector.page("/revert")
    assert collector.act("revert").status_code == 303
    assert collector.batch.state == "reverting"
    assert collector.run()
    batch = collector.batch
    assert (batch.state, batch.removed, batch.kept) == ("reverted", 3, 0)
    assert counts(collector) == [0] * 6
    assert "The import was taken back." in collector.page()
    with collector.runtime.database.system_session("test") as session:
        entries = {entry.action: entry for entry in session.scalars(select(AuditEntry))}
    assert len(entries["customers.import_revert"].ids) == 3
    assert {"customers.import_revert_start", "customers.import_revert_finish"} <= entries.keys()


Touch = Callable[[Collector, Factory, Actor, UUID], None]


def _change(collector: Collector, factory: Factory, actor: Actor, customer_id: UUID) -> None:
    with collector.runtime.database.actor_session(actor) as session:
        services.update(session, actor, customer_id, CustomerPatch(notes="looked at"))


def _phone(collector: Collector, factory: Factory, actor: Actor, customer_id: UUID) -> None:
    with collector.runtime.database.actor_session(actor) as session:
        services.update(session, actor, customer_id, CustomerPatch(phone="13712341234"))


def _contact(collector: Collector, factory: Factory, actor: Actor, customer_id: UUID) -> None:
    with collector.runtime.database.actor_session(actor) as session:
        contacts.create(session, actor, ContactInput(name="New contact", customer_id=customer_id))


def _address(collector: Collector, factory: Factory, actor: Actor, customer_id: UUID) -> None:
    with collector.runtime.database.actor_session(actor) as session:
        contacts.save_address(session, actor, customer_id, AddressInput(street="Somewhere else"))


def _called(collector: Collector, factory: Factory, actor: Actor, customer_id: UUID) -> None:
    with collector.runtime.database.actor_session(actor) as session:
        services.touch(session, session.get_one(Customer, customer_id), last_contact_at=now())


def _tag(collector: Collector, factory: Factory, actor: Actor, customer_id: UUID) -> None:
    with collector.runtime.database.actor_session(actor) as session:
        tags.assign(session, actor, customer_id, ["VIP"])


def _engagement(collector: Collector, factory: Factory, actor: Actor, customer_id: UUID) -> None:
    factory.add(Engagement(customer_id=customer_id, title="Training"))


def _shared(collector: Collector, factory: Factory, actor: Actor, customer_id: UUID) -> None:
    factory.add(Access(kind="share", user_id=factory.user().id, customer_id=customer_id))


def _file(collector: Collector, factory: Factory, actor: Actor, customer_id: UUID) -> None:
    factory.add(
        Attachment(
            customer_id=customer_id,
            filename="a.pdf",
            media_type="application/pdf",
            size=1,
            sha256="",
            stored_as=new_id().hex,
        )
    )


TOUCHES: dict[str, Touch] = {
    "changed": _change, "another phone": _phone, "another contact": _contact, "another address": _address,
    "called": _called, "tagged": _tag, "handed over": _engagement, "shared": _shared, "a file": _file,
}  # fmt: skip


@pytest.mark.parametrize("touch", TOUCHES)
def test_touched_customers_stay(collector: Collector, factory: Factory, touch: str) -> None:
    made = imported(collector, 2)
    TOUCHES[touch](collector, factory, factory.actor(collector.user), made["客户1"])
    page = collector.page("/revert")
    assert f"/customers/{made['客户1']}" in page
    assert f"/customers/{made['客户0']}" not in page
    collector.act("revert")
    collector.run()
    assert [customer.name for customer in collector.customers()] == ["客户1"]
    assert (collector.batch.removed, collector.batch.kept) == (1, 1)
    assert f"/customers/{made['客户1']}" in collector.page()


def test_plans_and_follow_ups_of_plugins_count_too(collector: Collector, factory: Factory) -> None:
    """Every foreign key to a customer is found, whichever plugin owns the table."""
    from platform_core.customers.importing import reverting

    tables = {column.table.name for column in reverting._references()}
    assert {"activities_plan", "activities_follow_up", "opportunities_opportunity", "relay_engagement"} <= tables


def test_looking_at_a_customer_is_not_touching_it(collector: Collector) -> None:
    made = imported(collector, 1)
    assert collector.browser.get(f"/customers/{made['客户0']}").status_code == 200
    collector.act("revert")
    collector.run()
    assert collector.customers() == []


def test_after_thirty_days_it_is_too_late(collector: Collector) -> None:
    imported(collector, 1)
    with collector.runtime.database.system_session("test") as session:
        from platform_core.customers.importing.models import ImportBatch

        session.get_one(ImportBatch, collector.batch_id).finished_at = now() - timedelta(days=31)
    assert collector.act("revert").status_code == 409
    assert collector.browser.get(f"{collector.url}/revert").status_code == 409
    assert "Take the import back" not in collector.page()


def test_two_clicks_take_it_back_once(collector: Collector) -> None:
    imported(collector, 1)
    assert collector.act("revert").status_code == 303
    assert collector.act("revert").status_code == 409


@pytest.mark.parametrize(("role", "allowed"), [("coordinator", False), ("department_head", True), ("management", True)])
def test_who_may_take_it_back(
    collector: Collector, factory: Factory, browser: Browser, role: str, allowed: bool
) -> None:
    imported(collector, 1)
    department = factory.read(type(factory.department()), collector.user.department_id)
    other = browser.sign_in(factory.user(role, department))
    assert (other.post(f"{collector.url}/revert", {}).status_code == 303) is allowed


def test_the_same_table_can_come_again(collector: Collector) -> None:
    imported(collector, 2)
    collector.act("revert")
    collector.run()
    assert len(imported(collector, 2)) == 2


def test_an_expired_import_is_tidied_up(collector: Collector) -> None:
    from platform_core.kernel.jobs import enqueue
    from tests.core.customers.importing.conftest import uploads

    collector.upload(xlsx(TITLES, [row()]))
    stored = collector.batch.stored_as
    collector.check()

    def tidy() -> None:
        with collector.runtime.database.system_session("test") as session:
            job_id = enqueue(session, "customers.import_tidy")
        assert collector.runtime.jobs.run(job_id)

    tidy()
    assert stored in uploads(collector.runtime)
    with freeze(now() + timedelta(days=8)):
        tidy()
    assert stored not in uploads(collector.runtime)
    assert (collector.batch.state, collector.batch.samples) == ("expired", b"")
    assert "removed after a week" in collector.page()
    assert collector.act("discard").status_code == 303


def test_what_a_plugin_that_is_gone_holds_keeps_a_customer(collector: Collector) -> None:
    """Its rows would go with the customer: they refer to it with ON DELETE CASCADE."""
    found = imported(collector, 2)
    kept = found["客户0"]
    reference = StoredReference("ghost_thing", "customer_id", "keep", "move", {"en": "Things"})
    content = msgspec.to_builtins(Content(title={"en": "Ghost"}, references=(reference,)))
    thing = Table(
        "ghost_thing", MetaData(), Column("id", Uuid(), primary_key=True), Column("customer_id", Uuid())
    )  # fmt: skip
    database = collector.runtime.database
    with database.connection("a plugin that is gone has left a table") as connection:
        thing.create(connection)
        connection.execute(thing.insert(), {"id": new_id(), "customer_id": kept})
        connection.execute(insert(OwnerRecord), {"name": "ghost", "content": content})
    try:
        assert collector.act("revert").status_code == 303
        assert collector.run()
        assert [customer.id for customer in collector.customers()] == [kept]
    finally:
        with database.connection("and is tidied up after") as connection:
            thing.drop(connection)
