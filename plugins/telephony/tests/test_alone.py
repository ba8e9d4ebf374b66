"""Contacts that stand alone call: they are known, seen by whom they are for, and their calls go where they go."""

from __future__ import annotations

import pytest
from baton_plugins.telephony.models import Call
from sqlalchemy import select

from platform_core.customers import contact_erasing, contacts
from platform_core.customers.forms import ContactInput
from platform_core.kernel.errors import NotFound

MOBILE = "13900008321"


@pytest.fixture
def person(house):
    """Of Carol, without a customer."""
    with house.as_("carol") as (session, actor):
        return contacts.create(session, actor, ContactInput(name="Deng Ying", title="Buyer", phone=MOBILE))


def test_the_card_names_whoever_calls(house, person):
    box = house.agent(("1", "carol"))
    box.ring(MOBILE)
    card = house.card("carol")
    for words in ("Deng Ying", "Buyer", "139****8321", "a contact of no customer", f'href="/contacts/{person.id}"'):
        assert words in card, words
    assert 'data-key="F2"' in card
    assert ("13900008321" in card, "New customer" in card) == (False, False)
    (call,) = house.calls()
    assert (call.customer_id, call.contact_id) == (None, person.id)


def test_whoever_does_not_see_it_is_told_whose_it_is_and_no_name(house, person):
    box = house.agent(("1", "tom"))
    box.ring(MOBILE)
    card = house.card("tom")
    assert ("Deng" in card, str(person.id) in card, "Sales" in card) == (False, False, True)
    assert "New customer" not in card


def test_of_a_customer_and_somebody_alone_with_one_number_one_is_chosen(house, person):
    customer = house.customer("carol", "Qiheng Consulting", MOBILE)
    box = house.agent(("1", "carol"))
    box.ring(MOBILE)
    card = house.card("carol")
    for words in ("Several have this number", "Qiheng Consulting", "Deng Ying", f'href="/contacts/{person.id}"'):
        assert words in card, words
    (call,) = house.calls()
    assert (call.customer_id, call.contact_id) == (None, None)
    assert house.page("carol").post(f"/calls/{call.id}/choose", {"customer_id": str(customer.id)}).status_code == 303


def test_its_calls_stand_on_its_page_and_go_along_to_its_customer(house, person, count_queries):
    box = house.agent(("1", "otto"))
    for number in range(2):
        box.ring(MOBILE, f"c{number}")
    carol, tom = house.page("carol"), house.page("tom")
    assert f'href="/calls/contacts/{person.id}"' in carol.get(f"/contacts/{person.id}").text
    carol.get(f"/calls/contacts/{person.id}")
    with count_queries(at_most=12):
        page = carol.get(f"/calls/contacts/{person.id}").text
    assert page.count("139****8321") == 2
    assert tom.get(f"/calls/contacts/{person.id}").status_code == 404
    assert carol.get("/calls").text.count(f'href="/contacts/{person.id}"') == 2
    assert "Deng Ying" not in tom.get("/calls").text
    customer = house.customer("carol", "Qiheng Consulting", "13900008322")
    with house.as_("carol") as (session, actor):
        contacts.attach(session, actor, person.id, customer.id)
    assert {(call.customer_id, call.contact_id) for call in house.calls()} == {(customer.id, person.id)}
    assert carol.get(f"/calls/contacts/{person.id}").headers["location"] == f"/calls/of/{customer.id}"
    assert carol.get(f"/calls/of/{customer.id}").text.count("139****8321") == 2
    box.ring(MOBILE, "later")
    assert house.calls()[-1].customer_id == customer.id


def test_in_the_bin_it_calls_as_a_stranger_and_erased_it_leaves_nothing(house, person):
    box = house.agent(("1", "carol"))
    box.ring(MOBILE)
    with house.as_("carol") as (session, actor):
        contacts.remove(session, actor, person.id)
    assert "Deng" not in house.page("carol").get("/calls").text
    with house.as_("admin") as (session, actor), pytest.raises(NotFound):
        contact_erasing.erasable(session, actor, person.id)
    assert len(house.calls()) == 1
    with house.runtime.database.system_session("as the rule of the bin does") as session:
        gone = session.get_one(contacts.Contact, person.id)
        contact_erasing.forget(session, None, gone, "over")
    with house.runtime.database.system_session("look", write=False) as session:
        assert session.scalars(select(Call.id)).all() == []
