"""Contacts that were removed come back with their numbers, until their days in the bin are over."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.customers.models import Contact, ContactPoint, Customer
from platform_core.kernel.clock import freeze, now
from platform_core.kernel.jobs import enqueue
from platform_core.privacy.models import PersonRequest
from tests.core.customers.transfer.conftest import house, in_english

__all__ = ["house", "in_english"]
PHONES = ("13812345678", "13987654321")
FORM = {"name": "Li Mei", "phone": ", ".join(PHONES), "email": "mei@example.com"}


def points(runtime, contact_id):
    with runtime.database.system_session("look", write=False) as session:
        found = session.scalars(select(ContactPoint).where(ContactPoint.contact_id == contact_id)).all()
        return {(point.kind, point.mask, point.full_hash, point.is_primary, point.customer_id) for point in found}


def only(runtime):
    with runtime.database.system_session("look", write=False) as session:
        return session.scalars(select(Contact.id)).one()


def test_one_of_a_customer_comes_back_with_its_numbers(browser, runtime, factory, house, count_queries):
    mine = factory.customer(house.anna, name="Acme")
    anna = browser.sign_in(house.anna)
    assert anna.post(f"/customers/{mine.id}/contacts/new", FORM).status_code == 303
    contact_id = only(runtime)
    before = points(runtime, contact_id)
    assert len(before) == 3
    gone = anna.post(f"/contacts/{contact_id}/delete")
    assert gone.headers["location"] == f"/customers/{mine.id}?tab=contacts"
    assert points(runtime, contact_id) == set(), "no search, no message, no duplicate finds them"
    notice = {"Cookie": gone.headers["set-cookie"].partition(";")[0]}
    page = anna.get(f"/customers/{mine.id}?tab=contacts", headers=notice).text
    assert (f"/contacts/{contact_id}/restore" in page, "keeps it for a while" in page) == (True, True)
    stored = factory.read(Contact, contact_id)
    assert all(phone.encode() not in stored.sealed for phone in PHONES)
    assert factory.read(Customer, mine.id).phone_mask == ""
    anna.get("/contacts/bin")
    with count_queries(at_most=12):
        listed = anna.get("/contacts/bin").text
    assert ("Li Mei" in listed, "Acme" in listed, PHONES[0] in listed) == (True, True, False)
    assert "Li Mei" not in browser.sign_in(house.tom).get("/contacts/bin").text
    assert browser.sign_in(house.tom).post(f"/contacts/{contact_id}/restore").status_code == 404
    back = anna.post(f"/contacts/{contact_id}/restore")
    assert back.headers["location"] == f"/customers/{mine.id}?tab=contacts"
    assert points(runtime, contact_id) == before
    found = factory.read(Contact, contact_id)
    assert (found.deleted_at, found.sealed, found.is_primary) == (None, None, True)
    assert factory.read(Customer, mine.id).phone_mask == "138****5678"
    assert anna.post(f"/contacts/{contact_id}/restore").status_code == 404, "once"
    with runtime.database.system_session("look", write=False) as session:
        lines = session.scalars(select(AuditEntry.action).where(AuditEntry.entity_id == contact_id)).all()
    assert "customers.contact_restore" in lines


def test_many_come_back_or_none(browser, runtime, factory, house):
    anna = browser.sign_in(house.anna)
    urls = [anna.post("/contacts/new", FORM | {"name": f"Li {number}"}).headers["location"] for number in range(2)]
    ids = [url.rpartition("/")[2] for url in urls]
    for url in urls:
        assert anna.post(f"{url}/delete").headers["location"] == "/contacts"
    assert browser.sign_in(house.ben).post("/contacts/bin/restore", {"ids": ids}).status_code == 404
    assert anna.post("/contacts/bin/restore", {"ids": [*ids, str(house.anna.id)]}).status_code == 404
    assert anna.get(urls[0]).status_code == 404
    assert anna.post("/contacts/bin/restore", {"ids": ids}).headers["location"] == "/contacts"
    assert {anna.get(url).status_code for url in urls} == {200}
    program = browser.token(house.anna)
    assert program.request("DELETE", f"/api/v1/contacts/{ids[0]}").status_code == 204
    answer = program.post(f"/api/v1/contacts/{ids[0]}/restore", json={})
    assert (answer.status_code, len(answer.json()["points"])) == (200, 3)


def test_after_their_days_they_are_gone(browser, runtime, factory, house):
    mine = factory.customer(house.anna, name="Acme")
    anna = browser.sign_in(house.anna)
    anna.post(f"/customers/{mine.id}/contacts/new", FORM)
    theirs = only(runtime)
    alone = [UUID(anna.post("/contacts/new", FORM).headers["location"].rpartition("/")[2]) for _number in range(2)]
    day = now().date()
    asked = PersonRequest(
        code="P-1", kind="access", contact_id=alone[1], asked_by="x", source="letter", received_on=day, due_on=day
    )
    factory.add(asked)
    for contact_id in (theirs, *alone):
        anna.post(f"/contacts/{contact_id}/delete")
    for days in (0, 29, 30):
        with freeze(now() + timedelta(days=days)):
            with runtime.database.system_session("start") as session:
                job = enqueue(session, "customers.purge")
            assert runtime.jobs.run(job)
        with runtime.database.system_session("look", write=False) as session:
            left = {contact.id: contact.sealed is None for contact in session.scalars(select(Contact))}
        if days < 30:
            assert left == dict.fromkeys((theirs, *alone), False)
    assert left == {theirs: True, alone[1]: False}, (
        "a row that records mention, and one whose person asks for something"
    )
    assert anna.post(f"/contacts/{theirs}/restore").status_code == 404
    with runtime.database.system_session("look", write=False) as session:
        line = session.scalars(select(AuditEntry).where(AuditEntry.action == "customers.contact_erase")).one()
    assert (line.entity_id, line.actor_id, line.via) == (alone[0], None, "system")
