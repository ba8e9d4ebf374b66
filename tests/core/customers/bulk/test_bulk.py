"""Changing many customers: what is chosen, the preview, the rights of each record, the background, the way back."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from platform_core.audit.models import AuditEntry
from platform_core.customers import services as customers
from platform_core.customers import tags
from platform_core.customers.bulk import drafts, jobs, services
from platform_core.customers.bulk.judging import Wanted
from platform_core.customers.bulk.models import BulkChange, BulkLine
from platform_core.customers.custom import keeping
from platform_core.customers.custom.keeping import FieldInput
from platform_core.customers.forms import CustomerPatch
from platform_core.customers.models import Customer, StatusChange
from platform_core.kernel import dictionaries
from platform_core.kernel.clock import now
from platform_core.kernel.errors import Conflict
from platform_core.kernel.jobs import JobContext
from platform_core.kernel.models import JobRow
from platform_core.permissions.models import Access
from tests.core.customers.transfer.conftest import house, in_english

__all__ = ["house", "in_english"]


@pytest.fixture
def prepared(runtime, factory):
    """Put down and choose, each in a transaction of its own."""

    def act(by, customers, wanted):
        actor = factory.actor(by)
        with runtime.database.actor_session(actor) as session:
            key = drafts.begin(session, actor, [item.id for item in customers]).id
        with runtime.database.actor_session(actor) as session:
            return drafts.choose(session, actor, key, wanted)

    return act


@pytest.fixture
def confirm(runtime, factory):
    def act(by, change, version=None):
        actor = factory.actor(by)
        with runtime.database.actor_session(actor) as session:
            return services.confirm(session, actor, change.id, version)

    return act


@pytest.fixture
def undo(runtime, factory):
    def act(by, change):
        actor = factory.actor(by)
        with runtime.database.actor_session(actor) as session:
            return services.undo(session, actor, change.id)

    return act


def test_the_preview_says_how_many_and_why_not_and_just_that_happens(browser, factory, house, session, count_queries):
    mine = [factory.customer(house.anna, name=f"Mine {number}", status="new", grade="A") for number in range(3)]
    same = factory.customer(house.anna, name="Same", status="signed", grade="B")
    held = factory.customer(house.anna, name="Held", restricted_at=now())
    shared = factory.customer(house.tom, name="Foreign")
    factory.add(Access(kind="share", customer_id=shared.id, user_id=house.anna.id, may_write=False))
    anna = browser.sign_in(house.anna)
    shown = anna.get("/customers").text
    assert 'formaction="/customers/changes"' in shown
    begun = anna.post("/customers/changes", {"ids": [str(item.id) for item in (*mine, same, held, shared)]})
    url = begun.headers["location"]
    assert "leave as it is" in anna.get(url).text
    assert anna.post(f"{url}/choose", {}).status_code == 422
    assert anna.post(f"{url}/choose", {"status": "empty"}).status_code == 422
    assert anna.post(f"{url}/choose", {"status": "nothing"}).status_code == 422
    chosen = {"status": "signed", "grade": "B", "source": "leave"}
    assert anna.post(f"{url}/choose", chosen).headers["location"] == url
    anna.get("/search")
    with count_queries(at_most=12):
        preview = anna.get(url).text
    assert "Change 3 customers" in preview
    assert "The record is restricted" in preview
    assert "Held" in preview
    assert "You may see it, but not change it." in preview
    assert "Foreign" in preview
    version = re.search(r'name="version" value="(\d+)"', preview)[1]
    assert anna.post(f"{url}/confirm", {"version": "0"}).status_code == 409
    assert anna.post(f"{url}/confirm", {"version": version}).headers["location"] == url
    receipt = anna.get(url).text
    assert "The change is finished." in receipt
    found = session.scalars(select(BulkChange)).one()
    assert (found.state, found.changed, found.same, found.refused) == ("done", 3, 1, 2)
    rows = {row.name: (row.status, row.grade) for row in session.scalars(select(Customer).order_by(Customer.id))}
    assert {rows[f"Mine {number}"] for number in range(3)} == {("signed", "B")}
    assert rows["Held"] != ("signed", "B")
    counted = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "customers.update")
    assert session.scalar(counted) == 3
    assert session.scalar(select(func.count()).select_from(StatusChange).where(StatusChange.new == "signed")) == 3


def test_nothing_ticked_is_nothing_and_everything_is_what_the_list_shows(browser, runtime, factory, house):
    for number in range(4):
        factory.customer(house.anna, name=f"A {number}", status="new" if number else "lost")
    anna = browser.sign_in(house.anna)
    assert anna.post("/customers/changes", {"state": ""}).status_code == 422
    assert anna.post("/customers/transfers", {"state": ""}).status_code in {403, 422}
    anna.post("/customers/changes", {"state": "f=status:is:new", "whole": "1"})
    with runtime.database.system_session("test") as session:
        found = session.scalars(select(BulkChange)).one()
    assert (found.total, found.conditions) == (3, ["status:is:new"])
    key = found.id
    assert browser.sign_in(house.ben).get(f"/customers/changes/{key}").status_code == 404
    assert "preparing this change" in browser.sign_in(house.boss).get(f"/customers/changes/{key}").text
    assert anna.post(f"/customers/changes/{key}/discard").status_code == 303
    with runtime.database.system_session("test") as session:
        assert session.scalars(select(BulkChange)).all() == []
        assert session.scalars(select(BulkLine)).all() == []


def test_what_is_taken_back_is_what_nobody_has_changed_since(runtime, factory, house, prepared, confirm, undo):
    first, second, third = (factory.customer(house.anna, status="new", grade="A") for _ in range(3))
    actor = factory.actor(house.anna)
    with runtime.database.actor_session(actor) as session:
        tags.assign(session, actor, first.id, ["old", "stays"])
        tags.assign(session, actor, third.id, [f"t{number}" for number in range(20)])
    wanted = Wanted(values={"status": "signed", "grade": ""}, add_tags=["fair"], remove_tags=["old"])
    change = confirm(house.anna, prepared(house.anna, [first, second, third], wanted))
    assert (change.changed, change.refused) == (2, 1)  # the third would have 21 tags
    with runtime.database.actor_session(actor) as session:
        tags.assign(session, actor, first.id, ["stays", "fair", "later"])
        customers.update(session, actor, second.id, CustomerPatch(status="lost"))
    back = undo(house.anna, change)
    assert (back.state, back.undone, back.kept) == ("undone", 1, 1)
    with runtime.database.actor_session(actor) as session:
        held = tags.of_many(session, [first.id, second.id])
        assert sorted(held[first.id]) == ["later", "old", "stays"]
        assert second.id not in held
    assert (factory.read(Customer, first.id).status, factory.read(Customer, first.id).grade) == ("new", "A")
    # What somebody has changed since stays; the rest of the same customer is given back.
    assert (factory.read(Customer, second.id).status, factory.read(Customer, second.id).grade) == ("lost", "A")
    with pytest.raises(Conflict):
        undo(house.anna, change)
    with runtime.database.system_session("thirty days later") as session:
        old = session.get_one(BulkChange, change.id)
        old.state, old.finished_at = "done", now() - timedelta(days=31)
    with pytest.raises(Conflict):
        undo(house.anna, change)
    context = JobContext(runtime.database, change.id, {}, 0, timedelta(minutes=1), None)
    jobs.tidy(context)
    with runtime.database.system_session("test") as session:
        assert session.get(BulkChange, change.id) is None


def test_rights_are_asked_again_for_each_record_when_it_changes(runtime, factory, house, prepared, confirm):
    kept, lost, binned = (factory.customer(house.anna, status="new") for _ in range(3))
    change = prepared(house.anna, [kept, lost, binned], Wanted(values={"status": "signed"}))
    assert change.preview == {"going": 3, "same": 0, "staying": 0}
    with runtime.database.system_session("test") as session:
        session.get_one(Customer, lost.id).owner_id = house.tom.id
        session.get_one(Customer, lost.id).department_id = house.training.id
        session.get_one(Customer, binned.id).deleted_at = now()
    done = confirm(house.anna, change)
    assert (done.changed, done.refused) == (1, 2)
    assert factory.read(Customer, lost.id).status == "new"
    with runtime.database.system_session("test") as session:
        assert set(session.scalars(select(BulkLine.why).where(BulkLine.state == "refused"))) == {"hidden"}


def test_more_than_two_hundred_change_in_the_background_and_a_killed_worker_loses_nothing(
    runtime, factory, house, prepared, confirm, undo, monkeypatch
):
    assert services.AT_ONCE == 200
    monkeypatch.setattr(services, "AT_ONCE", 60)  # each of them costs the test a dozen statements
    many = [factory.customer(house.anna, status="new") for _ in range(70)]
    change = confirm(house.anna, prepared(house.anna, many, Wanted(values={"status": "signed"})))
    assert (change.state, change.changed) == ("running", 0)
    calls = []

    def die(_connection, _cursor, statement, *_rest):
        if statement.startswith("UPDATE customers_customer SET"):
            calls.append(statement)
            if len(calls) == services.SLICE + 7:  # in the midst of the second slice
                raise KeyboardInterrupt

    event.listen(runtime.database.engine, "before_cursor_execute", die)
    try:
        with pytest.raises(KeyboardInterrupt):
            runtime.jobs.run(change.job_id)
    finally:
        event.remove(runtime.database.engine, "before_cursor_execute", die)
    with runtime.database.system_session("its lease runs out") as session:
        session.get_one(JobRow, change.job_id).lease_until = now() - timedelta(seconds=1)
        signed = session.scalar(select(func.count()).select_from(Customer).where(Customer.status == "signed"))
        assert session.get_one(BulkChange, change.id).changed == signed == services.SLICE
    runtime.jobs.run(change.job_id)
    found = factory.read(BulkChange, change.id)
    assert (found.state, found.changed) == ("done", 70)
    row = factory.read(JobRow, change.job_id)
    assert (row.state, row.done, row.total) == ("done", 70, 70)
    with runtime.database.system_session("test") as session:
        lines = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "customers.update")
        assert session.scalar(lines) == 70  # nobody was changed twice
    back = undo(house.anna, change)
    assert back.state == "undoing"
    runtime.jobs.run(back.job_id)
    assert factory.read(BulkChange, change.id).undone == 70
    assert factory.read(Customer, many[0].id).status == "new"


def test_programs_prepare_confirm_and_take_back(browser, factory, house):
    mine = [factory.customer(house.anna, status="new") for _ in range(2)]
    program = browser.token(house.anna)
    made = program.post("/api/v1/changes", json={"conditions": ["status:is:new"], "values": {"grade": "A"}})
    assert made.status_code == 200, made.text
    found = made.json()
    assert (found["state"], found["going"], found["staying"]) == ("draft", 2, 0)
    one = f"/api/v1/changes/{found['id']}"
    assert factory.read(Customer, mine[0].id).grade == ""
    done = program.post(f"{one}/confirm", json={"version": found["version"]}).json()
    assert (done["state"], done["changed"]) == ("done", 2)
    assert program.get(one).json()["changed"] == 2
    assert program.post(f"{one}/undo").json()["undone"] == 2
    assert program.post("/api/v1/changes", json={"values": {"grade": "A"}}).status_code == 422
    assert program.post("/api/v1/changes", json={"customer_ids": [str(mine[0].id)]}).status_code == 422


def test_own_fields_are_set_and_days_and_texts_emptied(browser, runtime, factory, house):
    office = factory.actor(factory.user("office"))
    with runtime.database.actor_session(office) as session:
        firms = next(iter(dictionaries.entries(session, "customers.classification")))
        keeping.add(session, office, FieldInput(key="renewal", label="Renewal", type="web.date"))
        keeping.add(session, office, FieldInput(key="seats", label="Seats", type="web.number", required=True))
        keeping.add(session, office, FieldInput(key="firms", label="Only firms", classifications=[firms]))
    mine = [factory.customer(house.anna, name=f"Mine {number}", city="Wuxi") for number in range(2)]
    mine.append(factory.customer(house.anna, name="A firm", city="Wuxi", classification=firms))
    anna = browser.sign_in(house.anna)
    ids = [str(item.id) for item in mine]
    url = anna.post("/customers/changes", {"ids": ids}).headers["location"]
    assert anna.post(f"{url}/choose", {"custom.seats": "many"}).status_code == 422
    assert anna.post(f"{url}/choose", {"empty": "custom.seats"}).status_code == 422
    refused = anna.post(f"{url}/choose", {"empty": "city", "custom.renewal": "soon"})
    assert refused.status_code == 422
    assert '<input type="checkbox" name="empty" value="city" checked>' in refused.text
    wanted = {"empty": "city", "custom.seats": "1,280.50", "custom.renewal": "2027-01-31"}
    assert anna.post(f"{url}/choose", wanted).headers["location"] == url
    anna.post(f"{url}/confirm", {})
    held = [factory.read(Customer, item.id) for item in mine]
    assert {item.city for item in held} == {""}
    assert [item.custom for item in held] == [{"seats": "1280.5", "renewal": "2027-01-31"}] * 3
    anna.post(f"{url}/undo")
    held = [factory.read(Customer, item.id) for item in mine]
    assert {item.city for item in held} == {"Wuxi"}
    assert [item.custom.get("renewal") for item in held] == [None] * 3
    url = anna.post("/customers/changes", {"ids": ids}).headers["location"]
    anna.post(f"{url}/choose", {"custom.firms": "x"})
    assert "do not have this field" in anna.get(url).text
    anna.post(f"{url}/confirm", {})
    assert [(factory.read(Customer, item.id).custom or {}).get("firms") for item in mine] == [None, None, "x"]
