"""Contacts that stand alone, by pages: made, seen, given to a customer with everything that is theirs."""

from __future__ import annotations

import re
from html import unescape
from uuid import UUID

import pytest
from sqlalchemy import select

from platform_core.audit import seen
from platform_core.audit.models import AuditEntry
from platform_core.caps.limits import REVEAL
from platform_core.caps.models import Opened, UserCap
from platform_core.contracts.messaging import Outgoing
from platform_core.customers import search_rows, services
from platform_core.customers.forms import CustomerInput
from platform_core.customers.models import Contact, ContactPoint
from platform_core.kernel.clock import today
from platform_core.outbox import services as outbox
from platform_core.outbox.models import Message
from platform_core.testing.factories import Factory
from platform_core.users.models import User
from tests.core.customers.transfer.conftest import house, in_english

__all__ = ["house", "in_english"]
PHONE = "13812345678"
FORM = {"name": "Li Mei", "title": "Buyer", "phone": PHONE, "wechat": "limei", "birth_month": "5", "birth_day": "3"}


def made(page, **fields):
    answer = page.post("/contacts/new", FORM | fields)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_one_is_made_and_seen_without_a_customer(browser, runtime, factory, house, count_queries):
    anna = browser.sign_in(house.anna)
    assert 'href="/contacts/new"' in anna.get("/contacts").text
    assert "New contact" in anna.get("/search?q=new contact", headers={"HX-Request": "true"}).text
    form = anna.get("/contacts/new").text
    assert ('name="phone"' in form, "Main contact" in form) == (True, False)
    wrong = anna.post("/contacts/new", FORM | {"name": "", "notes": "met at the fair"})
    assert (wrong.status_code, "met at the fair" in wrong.text) == (422, True), "nothing typed is lost"
    url = made(anna)
    anna.get(url)
    with count_queries(at_most=12):
        page = anna.get(url)
    text = unescape(page.text)
    for word in ("Li Mei", "Buyer", "138****5678", "stands alone", "05-03", "Anna"):
        assert word in text, word
    assert PHONE not in text
    assert f'href="{url}"' in anna.get("/contacts?view=alone").text
    assert f'{url}/attach"' in text
    found = factory.read(Contact, UUID(url.rpartition("/")[2]))
    assert (found.customer_id, found.owner_id, found.department_id) == (None, house.anna.id, house.anna.department_id)
    changed = anna.post(f"{url}/edit", FORM | {"title": "Head buyer", "version": str(found.version)})
    assert changed.headers["location"] == url
    assert "Head buyer" in anna.get(url).text
    with runtime.database.system_session("look", write=False) as session:
        seen = session.scalars(select(AuditEntry).where(AuditEntry.entity_id == found.id)).all()
    assert {line.action for line in seen} >= {
        "customers.contact_create", "customers.view", "customers.contact_update"
    }  # fmt: skip


def test_whose_it_is_decides_who_sees_it(browser, factory, house):
    url = made(browser.sign_in(house.anna))
    ben, head, tom = (browser.sign_in(user) for user in (house.ben, house.head, house.tom))
    for path in (url, f"{url}/attach"):
        assert tom.get(path).status_code == 404, path
        assert ben.get(path).status_code == 404, path
        assert head.get(path).status_code == 200, path
    assert ben.post(f"{url}/attach", {"customer": "Acme"}).status_code == 404
    finance = browser.sign_in(factory.user("finance", house.sales))
    assert finance.get(url).status_code == 200
    assert f"{url}/attach" not in finance.get(url).text
    assert finance.get("/contacts/new").status_code == 403
    assert finance.get(f"{url}/attach").status_code == 403


def test_it_goes_to_its_customer_with_everything(browser, runtime, factory, house):
    anna, boss = browser.sign_in(house.anna), browser.sign_in(house.boss)
    url = made(anna)
    contact_id = UUID(url.rpartition("/")[2])
    mine = factory.customer(house.anna, name="Acme Trading")
    also = factory.customer(house.anna, name="Acme Travel")
    theirs = factory.customer(house.tom, name="Acme Theirs")
    with runtime.database.system_session("what was sent") as session:
        for customer in (mine, also, theirs):
            search_rows.reindex(session, customer.id)
        message = Outgoing(
            key="greeting", channel="sms", owner="sms", address=PHONE, text="hello",
            contact_id=contact_id,
        )  # fmt: skip
        assert outbox.put(session, None, message) is not None
    assert anna.post(f"{url}/attach", {"customer": ""}).status_code == 422
    several = anna.post(f"{url}/attach", {"customer": "Acme"})
    assert (several.status_code, "Choose which one is meant." in several.text) == (422, True)
    offered = set(re.findall(r'name="chosen" value="([^"]*)"', several.text))
    assert offered == {mine.code, also.code}, "what one does not see is not offered"
    assert 'value="Acme"' in several.text
    assert anna.post(f"{url}/attach", {"customer": theirs.code}).status_code == 422
    done = anna.post(f"{url}/attach", {"customer": "Acme", "chosen": mine.code})
    assert (done.status_code, done.headers["location"]) == (303, f"/customers/{mine.id}?tab=contacts")
    page = unescape(anna.get(f"/customers/{mine.id}?tab=contacts").text)
    assert ("Li Mei" in page, "138****5678" in page) == (True, True)
    with runtime.database.system_session("look", write=False) as session:
        assert {point.customer_id for point in session.scalars(select(ContactPoint))} == {mine.id}
        assert session.scalars(select(Message)).one().customer_id == mine.id
        assert session.get_one(Contact, contact_id).is_primary
    assert anna.get(url).headers["location"] == f"/customers/{mine.id}?tab=contacts&contact={contact_id}"
    assert anna.post(f"{url}/attach", {"customer": also.code}).status_code == 409
    history = unescape(boss.get(f"/customers/{mine.id}?tab=history").text)
    assert "Attached a contact" in history
    assert "Added a contact" in history, "what was done while it stood alone"


def test_who_may_read_the_trail_sees_the_history_of_one(browser, house):
    url = made(browser.sign_in(house.anna))
    assert "Added a contact" in browser.sign_in(house.boss).get(url).text
    assert "Added a contact" not in browser.sign_in(house.anna).get(url).text


def with_number(runtime, house):
    actor = Factory(runtime).actor(house.anna)
    with runtime.database.actor_session(actor) as session:
        return services.create(session, actor, CustomerInput(name="Acme", phone="13900001111"))


@pytest.fixture
def number_of(runtime):
    def find(url):
        with runtime.database.system_session("look", write=False) as session:
            alone = (ContactPoint.contact_id == UUID(url.rpartition("/")[2]), ContactPoint.kind == "mobile")
            return f"{url}/points/{session.scalars(select(ContactPoint.id).where(*alone)).one()}"

    return find


def test_its_number_is_shown_whole_counted_and_written_down(browser, runtime, factory, house, number_of):
    anna = browser.sign_in(house.anna)
    url = made(anna)
    point = number_of(url)
    assert f'hx-post="{point}/reveal"' in anna.get(url).text
    assert anna.get(f"{point}/reveal").status_code == 405
    answer = anna.post(f"{point}/reveal", htmx=True, headers={"Idempotency-Key": "once"})
    assert "138 1234 5678" in answer.text
    assert f'hx-get="{point}"' in answer.text, "and hidden again"
    hidden = anna.get(point).text
    assert ("138****5678" in hidden, "138 1234 5678" in hidden) == (True, False)
    contact_id = UUID(url.rpartition("/")[2])
    with runtime.database.system_session("look", write=False) as session:
        line = session.scalars(select(AuditEntry).where(AuditEntry.action == "customers.reveal")).one()
        assert (line.entity_id, line.customer_id, line.after) == (contact_id, None, {"mobile": "138****5678"})
        counted = session.scalars(select(Opened.counter).where(Opened.customer_id == contact_id)).all()
        assert set(counted) == {"open", "reveal"}
        asked = seen.SeenQuery(house.anna.id, today(), today())
        (found,) = [one for one in seen.customers(session, asked)[0] if one.customer_id == contact_id]
        assert (found.name, found.is_contact, found.revealed) == ("Li Mei", True, 1)
    reader = browser.sign_in(house.boss)
    page = reader.get(f"/audit/seen?actor={house.anna.id}&since={today()}&until={today()}").text
    assert f"thing={contact_id}" in page
    program = browser.token(house.anna)
    revealed = program.post(f"/api/v1{point}/reveal")
    assert revealed.json() == {"value": "138 1234 5678", "extension": "", "link": "tel:+8613812345678"}


def test_whose_numbers_they_are_decides_who_sees_them_whole(browser, runtime, factory, house, number_of):
    anna = browser.sign_in(house.anna)
    url, customer = made(anna), with_number(runtime, house)
    point = number_of(url)
    for stranger in (house.ben, house.tom):
        assert browser.sign_in(stranger).post(f"{point}/reveal").status_code == 404
    looking = browser.sign_in(factory.user("finance", house.sales))
    assert "/reveal" not in looking.get(url).text
    assert looking.post(f"{point}/reveal").status_code == 403
    theirs = point.rpartition("/")[0] + f"/{customer.phone_point_id}"
    assert anna.post(f"{theirs}/reveal").status_code == 404, "a customer's number is revealed with its customer"
    done = anna.post(f"{url}/attach", {"customer": customer.code})
    assert done.status_code == 303, done.text
    assert anna.post(f"{point}/reveal").status_code == 404, "from then on as well"
    assert anna.post(point.replace(url, f"/customers/{customer.id}") + "/reveal").status_code == 200


def test_numbers_of_people_without_customer_fill_the_same_cap(browser, runtime, factory, house, number_of):
    customer = with_number(runtime, house)
    factory.add(UserCap(user_id=house.anna.id, counter=REVEAL, cap=2))
    anna = browser.sign_in(house.anna)
    first, second = (number_of(made(anna, phone=phone)) for phone in ("13812340001", "13812340002"))
    assert anna.post(f"/customers/{customer.id}/points/{customer.phone_point_id}/reveal").status_code == 200
    assert anna.post(f"{first}/reveal").status_code == 200
    assert anna.post(f"{first}/reveal").status_code == 200, "the same one counts once"
    assert anna.post(f"{second}/reveal").status_code == 403
    with runtime.database.system_session("look", write=False) as session:
        assert session.get_one(User, house.anna.id).status == "frozen"
        revealed = select(AuditEntry.id).where(AuditEntry.action == "customers.reveal", AuditEntry.result == "ok")
        assert len(session.scalars(revealed).all()) == 3
    guard = browser.sign_in(factory.user("office", house.sales))
    sheet = guard.get(f"/settings/frozen/{house.anna.id}").text
    assert f'href="{first.partition("/points")[0]}"' in sheet
    assert "Li Mei" not in sheet, "masked, as customers are"


def test_the_palette_and_the_list_find_one_as_they_find_customers(browser, house, count_queries):
    anna, tom = browser.sign_in(house.anna), browser.sign_in(house.tom)
    url = made(anna, name="林晓岚", email="lin@example.cn")
    words_of_it = (
        "林晓岚",
        "晓岚",
        "linxiaolan",
        "lin xiao",
        "lxl",
        PHONE,
        "5678",
        "12345678",
        "LIN@example.cn",
        "林 5678",
        "lin 138",
        "138",
    )
    anna.post("/search", {"q": "晓岚"}, htmx=True)
    with count_queries(at_most=12):
        anna.post("/search", {"q": "林晓岚"}, htmx=True)
    for words in words_of_it:
        assert f'href="{url}"' in anna.post("/search", {"q": words}, htmx=True).text, words
        assert f'href="{url}"' not in tom.post("/search", {"q": words}, htmx=True).text, words
    for words in ("王晓岚", "5679", "13812345679", "lan@example.cn", "林 5679", "林 139", "zzz"):
        assert f'href="{url}"' not in anna.post("/search", {"q": words}, htmx=True).text, words


def test_nobody_types_one_twice(browser, house, factory):
    anna, tom = browser.sign_in(house.anna), browser.sign_in(house.tom)
    url = made(anna)
    assert 'hx-post="/customers/duplicates"' in anna.get("/contacts/new").text
    assert 'hx-post="/customers/duplicates"' not in anna.get(f"{url}/edit").text
    theirs = factory.customer(house.anna, name="Qiheng Consulting")
    assert 'hx-post="/customers/duplicates"' in anna.get(f"/customers/{theirs.id}/contacts/new").text, "a further one"
    known = anna.post("/customers/duplicates", {"phone": "138 1234 5678"}, htmx=True).text
    assert ("Li Mei has this" in known, f'href="{url}"' in known) == (True, True)
    elsewhere = tom.post("/customers/duplicates", {"phone": PHONE}, htmx=True).text
    assert ("Li Mei" in elsewhere, "Ask the department" in elsewhere) == (False, True)
    stopped = anna.post("/customers/new", {"name": "Acme", "kind": "organisation", "phone": PHONE})
    assert (stopped.status_code, "save all the same" in stopped.text, f'href="{url}"' in stopped.text) == (
        200, True, True
    )  # fmt: skip
    assert anna.post("/customers/duplicates", {"phone": "13812345679"}, htmx=True).text.count("<li>") == 0
    found = browser.token(house.anna).request("POST", "/api/v1/customers/duplicates", json={"phone": PHONE}).json()
    assert [item["contact_id"] for item in found["items"]] == [url.rpartition("/")[2]]
