"""Click to dial, as people and their agents ask for it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from baton_plugins.telephony.models import Asked
from sqlalchemy import select, update

from platform_core.api import Contact, ContactPoint, now
from platform_core.audit.models import AuditEntry
from platform_core.customers import contacts, queries
from platform_core.customers.forms import ContactInput
from platform_core.users.models import Notification

MOBILE = "13900008321"
PBX = {"key": "asterisk/127.0.0.1:5038", "driver": "asterisk", "state": "up", "dials": True}


@pytest.fixture
def customer(house):
    return house.customer("carol", "Qiheng Consulting", MOBILE)


@pytest.fixture
def point(house, customer):
    with house.as_("carol") as (session, _actor):
        return str(session.scalars(select(ContactPoint.id).where(ContactPoint.customer_id == customer.id)).one())


def reports(box, *devices, **more):
    body = {"sent_at": now().isoformat(), "devices": list(devices), **more}
    headers = {"Authorization": f"Agent {box.token}"}
    return box.house.browser.request("POST", "/api/v1/telephony/events", json=body, headers=headers)


def fetched(box):
    headers = {"Authorization": f"Agent {box.token}"}
    answer = box.house.browser.request("POST", "/api/v1/telephony/dials", json={}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def look(house, statement):
    with house.runtime.database.system_session("look", write=False) as session:
        return list(session.scalars(statement))


def test_the_telephone_rings_and_its_agent_fetches_the_number_once(house, customer, point, count_queries):
    box = house.agent(outside="9")
    reports(box, PBX)
    page = house.page("carol")
    with count_queries(at_most=12):
        sheet = page.get(f"/calls/dial/{customer.id}", htmx=True).text
    assert "139****8321" in sheet
    assert "Your telephone 101 rings first" in sheet
    with count_queries(at_most=24):
        done = page.post(f"/calls/dial/{customer.id}", {"point_id": point}, htmx=True)
    assert "Your telephone 101 rings now" in done.text
    assert MOBILE not in done.text + sheet
    assert ("a source", "dial") in house.signalled
    (call,) = fetched(box)
    assert (call["extension"], call["number"], call["digits"]) == ("101", f"+86{MOBILE}", f"9{MOBILE}")
    assert fetched(box) == []
    entries = look(house, select(AuditEntry).where(AuditEntry.customer_id == customer.id))
    assert {"telephony.dial", "customers.reveal"} <= {entry.action for entry in entries}
    assert all(MOBILE not in str(entry.after) for entry in entries)


def test_without_an_exchange_that_dials_the_number_is_a_link(house, customer, point):
    house.agent(("1", "carol"))
    page = house.page("carol")
    assert "shown for calling by hand" in page.get(f"/calls/dial/{customer.id}").text
    done = page.post(f"/calls/dial/{customer.id}", {"point_id": point}, htmx=True)
    assert f'href="tel:+86{MOBILE}"' in done.text
    assert look(house, select(Asked)) == []


def test_only_customers_whose_numbers_one_may_see(house, customer, point):
    reports(house.agent(), PBX)
    assert house.page("tom").post(f"/calls/dial/{customer.id}", {"point_id": point}).status_code == 404
    assert house.page("admin").get(f"/calls/dial/{customer.id}").status_code == 403
    other = house.customer("carol", "Somebody Else", "13900008322")
    page = house.page("carol")
    assert page.post(f"/calls/dial/{other.id}", {"point_id": point}).status_code == 404
    assert page.post(f"/calls/dial/{customer.id}", {"point_id": "nonsense"}).status_code == 422
    assert look(house, select(Asked)) == []


def test_of_a_contact_that_stands_alone(house, count_queries):
    box = house.agent()
    reports(box, PBX)
    with house.as_("carol") as (session, actor):
        person = contacts.create(session, actor, ContactInput(name="Deng Ying", phone="13900008329"))
        (number,) = queries.points_of_contacts(session, [person.id])[person.id]
    carol, url = house.page("carol"), f"/calls/dial/contacts/{person.id}"
    assert f'href="{url}"' in carol.get(f"/contacts/{person.id}").text
    with count_queries(at_most=12):
        sheet = carol.get(url, htmx=True).text
    assert ("139****8329" in sheet, f'action="{url}"' in sheet) == (True, True)
    done = carol.post(url, {"point_id": str(number.id)}, htmx=True)
    assert ("Your telephone 101 rings now" in done.text, "13900008329" in done.text) == (True, False)
    (call,) = fetched(box)
    assert call["digits"] == "13900008329"
    entries = look(house, select(AuditEntry).where(AuditEntry.entity_id == person.id))
    assert {"telephony.dial", "customers.reveal"} <= {entry.action for entry in entries}
    assert all("13900008329" not in str(entry.after) for entry in entries)
    assert house.page("tom").get(url).status_code == 404
    assert house.page("tom").post(url, {"point_id": str(number.id)}).status_code == 404
    other = house.customer("carol", "Somebody Else", "13900008328")
    strange = look(house, select(ContactPoint.id).where(ContactPoint.customer_id == other.id))
    assert carol.post(url, {"point_id": str(strange[0])}).status_code == 404
    with house.runtime.database.system_session("restrict") as session:
        session.get_one(Contact, person.id).restricted_at = now()
    assert "dial/contacts" not in carol.get(f"/contacts/{person.id}").text
    assert carol.post(url, {"point_id": str(number.id)}).status_code == 403


def test_what_is_late_is_not_dialled_and_what_fails_is_told(house, customer, point):
    box, other = house.agent(), house.agent()
    reports(box, PBX)
    page = house.page("carol")
    for _twice in range(2):
        page.post(f"/calls/dial/{customer.id}", {"point_id": point}, htmx=True)
    asked = look(house, select(Asked).order_by(Asked.at))
    with house.runtime.database.system_session("later") as session:
        late = now() - timedelta(seconds=31)
        session.execute(update(Asked).where(Asked.id == asked[0].id).values(at=late))
    assert [call["id"] for call in fetched(box)] == [str(asked[1].id)]
    failed = [{"id": str(asked[1].id), "why": "Extension does not exist"}]
    assert reports(other, failed=failed).status_code == 200  # of another agent: nobody is told
    for _twice in range(2):
        reports(box, failed=failed)
    (told,) = look(house, select(Notification).where(Notification.user_id == house.people["carol"].id))
    assert told.parameters == {"number": "139****8321", "why": "Extension does not exist"}


def test_a_revoked_agent_fetches_nothing_and_hears_nothing(house):
    box = house.agent()
    house.page("admin").post(f"/settings/telephony/sources/{box.source.id}/revoke", {})
    headers = {"Authorization": f"Agent {box.token}"}
    for method, path in (("POST", "/api/v1/telephony/dials"), ("GET", "/live")):
        assert house.browser.request(method, path, headers=headers).status_code == 401
    assert house.page("max").request("POST", "/api/v1/telephony/dials", json={}).status_code == 403
