"""The list of contacts: exactly what the policy allows, whatever the plan; masks, conditions, pages."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.contracts.identity import Scope
from platform_core.customers import contact_reach, contacts, services, widths
from platform_core.customers.contact_listing import CONTACTS
from platform_core.customers.forms import ContactInput, CustomerInput
from platform_core.customers.models import Contact, Customer
from platform_core.kernel.clock import now
from platform_core.web.lists.reading import Reader
from platform_core.web.lists.state import ListState
from tests.core.customers.test_list_reach import actors, walked, world  # noqa: F401  a fixture

PHONE = "13812345678"


@pytest.fixture
def people(world, factory):  # noqa: F811  the fixture above
    """Contacts of the world's customers, some removed, some standing alone."""
    runtime, departments, users, team = world
    chance = random.Random(5)
    with runtime.database.system_session("read", write=False) as session:
        customers = list(session.scalars(select(Customer.id).order_by(Customer.code)))
    factory.add(
        *(
            Contact(
                customer_id=chance.choice(customers) if chance.random() < 0.8 else None,
                owner_id=chance.choice(users).id,
                department_id=chance.choice(departments).id,
                name=f"Person {number}",
                name_key=f"person {number % 7}",
                deleted_at=now() if chance.random() < 0.1 else None,
            )
            for number in range(150)
        )
    )
    return runtime, departments, users, team


@pytest.mark.parametrize("wide", [1, 20_000])
def test_every_plan_shows_what_the_policy_allows(people, monkeypatch, wide):
    runtime, departments, users, team = people
    monkeypatch.setattr(contact_reach, "_WIDE", wide)
    widths.forget()

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(actors(departments, users, team))
    def check(actor):
        with runtime.database.actor_session(actor) as session:
            expected = set(session.scalars(select(Contact.id)))
            for sort in ("", "name"):
                found = walked(session, actor, CONTACTS, sort=sort, size=9)
                assert len(found) == len(set(found))
                assert set(found) == expected
            count = Reader(session, actor, ListState(view=CONTACTS)).count()
            assert (count.number, count.more) == (len(expected), False)
            with_customer = {row for (row,) in session.execute(select(Customer.id))}
            held = session.scalars(select(Contact.customer_id).where(Contact.customer_id.is_not(None)))
            assert set(held) <= with_customer
            if actor.scope("customers.view") == Scope.NONE:
                assert not expected

    check()


@pytest.fixture
def house(runtime, factory, browser):
    user, other = (factory.user(department=factory.department()) for _number in range(2))
    actor, stranger = factory.actor(user), factory.actor(other)
    with runtime.database.actor_session(actor) as session:
        ocean = services.create(session, actor, CustomerInput(name="Ocean Trading", contact_name="Li Lei", phone=PHONE))
        binned = services.create(session, actor, CustomerInput(name="Binned", contact_name="Gone With It"))
        contacts.create(session, actor, ContactInput(name="Han Meimei", customer_id=ocean.id, title="HR"))
        contacts.create(session, actor, ContactInput(name="Lone Wolf", phone="13900001111"))
        binned.deleted_at = now()
    with runtime.database.actor_session(stranger) as session:
        services.create(session, stranger, CustomerInput(name="Foreign", contact_name="Nobody Sees"))
    return browser.sign_in(user), ocean


def test_the_page_shows_masks_and_leads_to_the_customer(house, count_queries, runtime):
    mine, ocean = house
    mine.get("/contacts")
    with count_queries(at_most=12):
        page = mine.get("/contacts")
    assert page.status_code == 200
    for text in ("Li Lei", "Han Meimei", "Lone Wolf", "138****5678", "139****1111", f"/customers/{ocean.id}", "HR"):
        assert text in page.text
    for text in (PHONE, "Nobody Sees", "Foreign", "Gone With It"):
        assert text not in page.text
    assert '<a href="/contacts"' in mine.get("/customers").text
    with runtime.database.system_session("look", write=False) as session:
        lines = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "customers.list").order_by(AuditEntry.seq)
        ).all()
    assert len(lines) >= 2
    assert len(lines[0].ids) == 3


def test_conditions_views_words_and_columns(house):
    mine, _ocean = house

    def names(url):
        page = mine.get(url).text
        return {name for name in ("Li Lei", "Han Meimei", "Lone Wolf") if name in page}

    assert names("/contacts?f=position:is:HR") == {"Han Meimei"}
    assert names("/contacts?view=main") == {"Li Lei"}
    assert names("/contacts?view=alone") == {"Lone Wolf"}
    assert names("/contacts?f=customer:is:with") == {"Li Lei", "Han Meimei"}
    assert names("/contacts?sort=name") == {"Li Lei", "Han Meimei", "Lone Wolf"}
    for words, found in (
        ("ocean", {"Li Lei", "Han Meimei"}),
        ("Lone", {"Lone Wolf"}),
        ("5678", {"Li Lei", "Han Meimei"}),
    ):
        answer = mine.post("/contacts/find", {"q": words, "state": "", "_csrf": mine.csrf})
        assert names(answer.headers["location"]) == found, words
    assert mine.get("/contacts/columns").status_code == 200
    assert mine.get("/contacts/conditions").status_code == 200


def test_without_the_right_there_is_no_list(browser, factory):
    assert browser.sign_in(factory.user("system_admin")).get("/contacts").status_code == 403


def test_the_page_speaks_chinese(factory, browser):
    user = factory.user(department=factory.department(), language="zh")
    customer = factory.customer(user, name="上海启衡")
    factory.add(
        Contact(customer_id=customer.id, name="张海涛", name_key="zhang", is_primary=True, gender="m"),
        Contact(owner_id=user.id, name="李独", name_key="li"),
    )
    page = browser.sign_in(user).get("/contacts").text
    assert "<small>主联系人</small>" in page
    assert "未归属" in page
    assert "Main contact" not in page


def test_contacts_whose_names_resemble_the_words_are_offered(house, count_queries):
    mine, _ocean = house
    mine.get("/contacts")

    def found(words):
        place = mine.post("/contacts/find", {"q": words, "state": ""}).headers["location"]
        with count_queries(at_most=12):
            page = mine.get(place).text
        names = {name for name in ("Li Lei", "Han Meimei", "Lone Wolf", "Nobody Sees", "Gone With It") if name in page}
        return names, "Nobody in this list is called just so." in page

    assert found("Meimie") == ({"Han Meimei"}, True)
    assert found("Lone Wofl") == ({"Lone Wolf"}, True)
    assert found("Ocean Tradign") == ({"Li Lei", "Han Meimei"}, True)
    assert found("Meimei") == ({"Li Lei", "Han Meimei"}, False)  # by their customer, which the contact's name finds
    for none in ("Nobdoy Sees", "Foriegn", "Gnoe With", "138 0000 1234"):
        assert found(none) == (set(), False)


def test_from_a_contact_to_the_one_before_and_after(browser, factory, runtime, count_queries):
    me = factory.user("coordinator", factory.department())
    customer, actor, made = factory.customer(me), factory.actor(me), []
    for name, where in (("Ann", customer.id), ("Bob", None), ("Cid", customer.id)):
        with runtime.database.actor_session(actor) as session:
            made.append(contacts.create(session, actor, ContactInput(name=name, customer_id=where)).id)
    mine = browser.sign_in(me)
    with count_queries(at_most=12):
        piece = mine.get(f"/contacts/nearby/{made[1]}?sort=name", htmx=True).text
    assert re.findall(r'rel="(?:prev|next)"[^>]*href="([^"]+)"', piece) == [
        f"/contacts/{made[0]}",
        f"/contacts/{made[2]}",
    ]
    assert f'data-nearby="/contacts/nearby/{made[1]}"' in mine.get(f"/contacts/{made[1]}").text
    url = f"/customers/{customer.id}?tab=contacts&contact={made[2]}"
    assert mine.get(f"/contacts/{made[2]}").headers["location"] == url
    assert url.replace("&", "&amp;") in mine.get("/contacts").text
    page = mine.get(url).text
    assert f'data-nearby="/contacts/nearby/{made[2]}"' in page
    assert page.count('<li aria-current="true">') == 1
    assert mine.get(f"/customers/{customer.id}?tab=contacts").text.count("data-nearby") == 1
