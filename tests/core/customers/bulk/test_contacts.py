"""Changing many contacts: with their customer's rights, or their own where they stand alone."""

from __future__ import annotations

from sqlalchemy import select

from platform_core.customers import contact_erasing, contacts
from platform_core.customers.bulk.models import BulkLine
from platform_core.customers.forms import ContactInput
from platform_core.customers.models import Contact
from tests.core.customers.bulk.test_bulk import house, in_english

__all__ = ["house", "in_english"]


def test_contacts_of_the_list_get_a_department_and_give_it_back(browser, runtime, factory, house):
    customer = factory.customer(house.anna, name="Mine")
    foreign = factory.customer(house.tom, name="Foreign")
    boss = factory.actor(house.boss)
    with runtime.database.actor_session(boss) as session:
        first, other = (
            contacts.create(session, boss, ContactInput(name=name, customer_id=key))
            for name, key in (("Li", customer.id), ("Wu", foreign.id))
        )
    anna = factory.actor(house.anna)
    with runtime.database.actor_session(anna) as session:
        alone = contacts.create(session, anna, ContactInput(name="Alone", title="Chair"))
    shown = browser.sign_in(house.anna)
    assert 'formaction="/customers/changes?of=contacts"' in shown.get("/contacts").text
    ids = [str(row.id) for row in (first, other, alone)]
    url = shown.post("/customers/changes?of=contacts", {"ids": ids}).headers["location"]
    assert shown.post(f"{url}/choose", {"division": "x" * 61}).status_code == 422
    shown.post(f"{url}/choose", {"division": "Purchasing", "title": "Buyer"})
    assert "Change 2 contacts" in shown.get(url).text
    with runtime.database.system_session("test") as session:
        version = session.scalars(select(BulkLine.number)).all()
    assert version == [1, 2]
    shown.post(f"{url}/confirm", {})
    assert {(row.division, row.title) for row in map(_read(factory), (first, alone))} == {("Purchasing", "Buyer")}
    shown.post(f"{url}/undo")
    assert [(row.division, row.title) for row in map(_read(factory), (first, alone))] == [("", ""), ("", "Chair")]
    with runtime.database.actor_session(boss) as session:
        contact_erasing.forget(session, boss, session.get_one(Contact, alone.id), "asked")
    with runtime.database.system_session("test") as session:
        assert set(session.scalars(select(BulkLine.row_id))) == {first.id}


def _read(factory):
    return lambda row: factory.read(Contact, row.id)
