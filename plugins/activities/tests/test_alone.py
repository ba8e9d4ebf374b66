"""Follow-ups with contacts that stand alone: written, read by whom the contact is for, gone along, gone with it."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest
from baton_plugins.activities.models import FollowUp, FollowUpRevision
from sqlalchemy import select

from platform_core.api import now
from platform_core.customers import contact_erasing, contacts
from platform_core.customers.forms import ContactInput
from platform_core.customers.models import Contact
from platform_core.privacy import collecting

SAID = "Wants a course in March"


@pytest.fixture
def person(house):
    """Of Carol, without a customer."""
    with house.as_("collector") as (session, actor):
        return contacts.create(session, actor, ContactInput(name="Deng Ying", phone="13900008321"))


@pytest.fixture
def page(house, browser):
    return lambda name: browser.sign_in(house.people[name])


def write(page, person, **fields):
    return page.post(f"/follow-ups/contacts/{person.id}", {"body": SAID, "kind": "call", "direction": "in"} | fields)


def rows(house, model=FollowUp):
    with house.runtime.database.system_session("look", write=False) as session:
        return session.scalars(select(model)).all()


def test_it_is_written_on_the_page_of_the_contact_and_read_there(house, person, page, count_queries):
    carol, url = page("collector"), f"/follow-ups/contacts/{person.id}"
    assert f'href="{url}"' in carol.get(f"/contacts/{person.id}").text
    assert "Nothing was written down yet." in carol.get(url).text
    empty = write(carol, person, body="  ", at="2026-11-20T10:05")
    assert (empty.status_code, "2026-11-20T10:05" in empty.text) == (422, True), "nothing typed is lost"
    late = write(carol, person, at=f"{now() + timedelta(days=3):%Y-%m-%dT%H:%M}")
    assert (late.status_code, "make it a plan" in late.text, SAID in late.text) == (422, True, True)
    done = write(carol, person)
    assert (done.status_code, done.headers["location"]) == (303, url)
    carol.get(url)
    with count_queries(at_most=12):
        text = unescape(carol.get(url).text)
    assert (SAID in text, "Carol" in text, "incoming" in text) == (True, True, True)
    (kept,) = rows(house)
    assert (kept.customer_id, kept.contact_id, kept.contact_label, kept.direction) == (
        None, person.id, "Deng Ying", "in"
    )  # fmt: skip
    assert SAID in carol.get("/tracking").text


def test_whose_the_contact_is_decides_who_reads_and_writes(house, person, page):
    write(page("collector"), person)
    (kept,) = rows(house)
    for stranger in ("trainer", "agent"):
        theirs = page(stranger)
        for path in (f"/follow-ups/contacts/{person.id}", f"/follow-ups/{kept.id}/versions"):
            assert theirs.get(path).status_code == 404, path
        assert write(theirs, person).status_code == 404
        assert SAID not in theirs.get("/tracking").text
    head, finance = page("collect_head"), page("finance")
    assert SAID in head.get(f"/follow-ups/contacts/{person.id}").text
    assert SAID in head.get("/tracking").text
    assert "<textarea" not in finance.get(f"/follow-ups/contacts/{person.id}").text
    assert write(finance, person).status_code == 403
    assert len(rows(house)) == 1


def test_the_author_corrects_it_and_the_earlier_text_stays(house, person, page):
    carol = page("collector")
    write(carol, person)
    (kept,) = rows(house)
    form = carol.get(f"/follow-ups/{kept.id}/edit")
    assert f"/follow-ups/contacts/{person.id}" in form.text
    done = carol.post(f"/follow-ups/{kept.id}/edit", {"body": "In April", "version": str(kept.version)})
    assert done.headers["location"] == f"/follow-ups/contacts/{person.id}"
    assert SAID in carol.get(f"/follow-ups/{kept.id}/versions").text
    assert page("trainer").get(f"/follow-ups/{kept.id}/versions").status_code == 404


def test_it_goes_along_to_the_customer_with_its_earlier_texts(house, person, page, browser):
    carol = page("collector")
    write(carol, person)
    (kept,) = rows(house)
    carol.post(f"/follow-ups/{kept.id}/edit", {"body": "In April", "version": str(kept.version)})
    assert "In April" not in carol.get(f"/customers/{house.customer.id}/timeline").text
    with house.as_("collector") as (session, actor):
        contacts.attach(session, actor, person.id, house.customer.id)
    (kept,), (earlier,) = rows(house), rows(house, FollowUpRevision)
    assert (kept.customer_id, kept.contact_id, earlier.customer_id) == (
        house.customer.id, person.id, house.customer.id
    )  # fmt: skip
    assert "In April" in carol.get(f"/customers/{house.customer.id}/timeline").text
    assert house.now().last_contact_at == kept.at
    program = browser.token(house.people["collector"])
    assert len(program.get(f"/api/v1/follow-ups/contacts/{person.id}").json()["items"]) == 1, "also from now on"
    assert carol.get(f"/follow-ups/contacts/{person.id}").headers["location"] == f"/customers/{house.customer.id}"
    refused = write(carol, person)
    assert (refused.status_code, len(rows(house))) == (409, 1)


def test_programs_do_the_same(house, person, browser):
    program = browser.token(house.people["collector"])
    url = f"/api/v1/follow-ups/contacts/{person.id}"
    made = program.request("POST", url, json={"body": SAID, "kind": "call"})
    assert (made.status_code, made.json()["customer_id"], made.json()["contact_id"]) == (201, None, str(person.id))
    assert program.request("POST", url, json={"body": SAID, "kind": "nonsense"}).status_code == 422
    assert [row["body"] for row in program.get(url).json()["items"]] == [SAID]
    assert program.get(f"/api/v1/follow-ups/{made.json()['id']}").json()["body"] == SAID
    assert browser.token(house.people["trainer"]).get(url).status_code == 404


def test_of_a_restricted_one_nothing_is_written(house, person, page):
    with house.runtime.database.system_session("restrict") as session:
        session.get_one(Contact, person.id).restricted_at = now()
    carol = page("collector")
    text = carol.get(f"/follow-ups/contacts/{person.id}").text
    assert ("<textarea" in text, "nothing is written about it" in text) == (False, True)
    assert write(carol, person).status_code == 403
    assert rows(house) == []


def test_the_person_gets_a_copy_and_erasing_leaves_nothing(house, person, page):
    carol = page("collector")
    write(carol, person)
    (kept,) = rows(house)
    carol.post(f"/follow-ups/{kept.id}/edit", {"body": "In April", "version": str(kept.version)})
    with house.runtime.database.system_session("a copy") as session:
        copy = collecting.collect_contact(session, UUID(str(person.id)))
        assert copy is not None
        assert re.search("In April", str(copy.held))
    with house.runtime.database.system_session("as the rule of the bin does") as session:
        contact_erasing.forget(session, None, session.get_one(Contact, person.id), "over")
    assert rows(house) == []
    assert rows(house, FollowUpRevision) == []
