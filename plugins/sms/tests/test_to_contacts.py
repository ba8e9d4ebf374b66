"""Messages to contacts that stand alone: the same checks and the same paper as for a customer's."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from platform_core.api import now
from platform_core.audit.models import AuditEntry
from platform_core.customers import contacts
from platform_core.customers.forms import ContactInput
from platform_core.customers.models import Contact
from platform_core.outbox.models import Message

MOBILE = "13900008321"


@pytest.fixture
def house(shop, factory):
    """Carol of sales with somebody of whom nobody knows the customer, and Tom of another department."""
    sales, other = factory.department("Sales"), factory.department("Training")
    shop.people = {"carol": factory.user(department=sales, name="Carol"), "tom": factory.user(department=other)}
    with shop.runtime.database.actor_session(factory.actor(shop.people["carol"])) as session:
        actor = factory.actor(shop.people["carol"])
        shop.person = contacts.create(session, actor, ContactInput(name="Deng Ying", phone=MOBILE))
    return shop


@pytest.fixture
def carol(house, browser):
    return browser.sign_in(house.people["carol"])


def form(page, house, **changes):
    """As the page asks for it."""
    asked = page.get(f"/sms/new?contact={house.person.id}").text
    point = re.search(r'<option value="([0-9a-f-]{36})"[^>]*>139', asked)[1]
    given = {"contact_id": str(house.person.id), "point_id": point, "purpose": "service", "text": "{contact}您好。"}
    return {**given, "sending": "once", "act": "send", **changes}


def test_it_is_looked_at_sent_once_taken_back_and_stands_with_the_contact(house, carol) -> None:
    home = f"/sms/contacts/{house.person.id}"
    person = carol.get(f"/contacts/{house.person.id}").text
    assert f'href="/sms/new?contact={house.person.id}"' in person
    assert f'href="{home}"' in person
    blank = carol.get(f"/sms/new?contact={house.person.id}").text
    assert ("139****8321" in blank, MOBILE in blank) == (True, False)
    seen = carol.post("/sms", form(carol, house, act="preview")).text
    assert "Deng Ying您好。" in seen
    assert carol.post("/sms", form(carol, house)).headers["location"] == home
    assert "sent already" in carol.post("/sms", form(carol, house)).text
    message = house.message()
    assert (message.customer_id, message.contact_id) == (None, house.person.id)
    assert "Take back" in carol.get(home).text
    assert carol.post(f"/sms/{message.id}/cancel", {}).headers["location"] == home
    assert carol.post("/sms", form(carol, house, sending="again")).status_code == 303
    house.work()
    with house.runtime.database.system_session("look", write=False) as session:
        assert sorted(session.scalars(select(Message.state))) == ["cancelled", "sent"]
        said = session.scalars(select(AuditEntry).where(AuditEntry.action == "sms.send")).all()
        assert {entry.entity_id for entry in said} == {house.person.id}
        assert all(MOBILE not in str(entry.after) for entry in said)


def test_only_to_whom_one_may_write(house, carol, browser) -> None:
    asked = form(carol, house)
    tom = browser.sign_in(house.people["tom"])
    assert tom.get(f"/sms/new?contact={house.person.id}").status_code == 404
    assert tom.post("/sms", asked).status_code == 404
    other = form(carol, house, point_id=str(house.point_id))
    assert carol.post("/sms", other).status_code == 404, "a customer's number"
    assert carol.get("/sms/new?contact=nonsense").status_code == 422
    with house.runtime.database.system_session("restrict") as session:
        session.get_one(Contact, house.person.id).restricted_at = now()
    assert "/sms/new" not in carol.get(f"/contacts/{house.person.id}").text
    assert carol.post("/sms", asked).status_code == 403
    with house.runtime.database.system_session("look", write=False) as session:
        assert session.scalars(select(Message)).all() == []


def test_what_nobody_consented_to_is_not_sent(house, carol) -> None:
    refused = carol.post("/sms", form(carol, house, purpose="marketing"))
    assert (refused.status_code, "{contact}您好。" in refused.text) == (422, True), "nobody has asked for it"


def test_once_it_has_a_customer_the_message_is_the_customers(house, carol, factory) -> None:
    asked = form(carol, house)
    mine = factory.customer(house.people["carol"], name="Qiheng Consulting")
    with house.runtime.database.actor_session(factory.actor(house.people["carol"])) as session:
        contacts.attach(session, factory.actor(house.people["carol"]), house.person.id, mine.id)
    assert carol.post("/sms", asked).headers["location"] == f"/customers/{mine.id}"
    assert house.message().customer_id == mine.id
