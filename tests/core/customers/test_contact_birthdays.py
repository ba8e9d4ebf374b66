"""Birthdays of the people behind a customer: by either calendar, in forms, API and imports, and on record."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.customers import contacts, fields, merging, services
from platform_core.customers.forms import ContactInput, CustomerInput
from platform_core.customers.models import Contact
from platform_core.privacy import collecting
from tests.core.customers.importing.conftest import Collector, collector, csv_text  # noqa: F401  a fixture

BORN = {"birth_year": 1986, "birth_month": 6, "birth_day": 30, "birth_lunar": True, "birth_leap": True}


@pytest.fixture
def actor(factory):
    return factory.actor(factory.user("management"))


@pytest.fixture
def company(runtime, actor):
    with runtime.database.actor_session(actor) as session:
        return services.create(session, actor, CustomerInput(name="上海启衡", phone="13800006021")).id


def born(runtime, name: str) -> tuple[object, ...]:
    with runtime.database.system_session("test", write=False) as session:
        found = session.scalars(select(Contact).where(Contact.name == name)).one()
        return tuple(getattr(found, field) for field in fields.BIRTH)


def test_by_the_page_and_wrong_days_stand_at_their_field(runtime, browser, factory, actor, company) -> None:
    page = browser.sign_in(factory.user("management"))
    url = f"/customers/{company}/contacts/new"
    given = {"name": "李梅", "birth_month": "2", "birth_day": "30", "birth_lunar": "0", "birth_leap": "0"}
    refused = page.post(url, given)
    assert refused.status_code == 422
    assert "There is no such day." in refused.text
    assert 'value="李梅"' in refused.text
    assert page.post(url, {**given, "birth_lunar": "1"}).status_code == 303
    assert born(runtime, "李梅") == (None, 2, 30, True, False)
    assert "Birthday: lunar calendar, month 2, day 30" in page.get(f"/customers/{company}?tab=contacts").text
    with runtime.database.system_session("test", write=False) as session:
        contact_id = session.scalars(select(Contact.id).where(Contact.name == "李梅")).one()
    form = page.get(f"/contacts/{contact_id}/edit").text
    assert re.search(r'name="birth_day"[^>]* value="30"|value="30"[^>]* name="birth_day"', form)
    assert page.post(f"/contacts/{contact_id}/edit", {"name": "李梅", "birth_lunar": "0"}).status_code == 422
    cleared = {**given, "birth_month": "", "birth_day": "", "birth_year": ""}
    assert page.post(f"/contacts/{contact_id}/edit", cleared).status_code == 303
    assert born(runtime, "李梅") == (None, None, None, False, False)


def test_by_the_api_on_record_and_in_the_copy_for_the_person(runtime, browser, factory, company) -> None:
    user = factory.user("management")
    program = browser.token(user)
    made = program.post(f"/api/v1/customers/{company}/contacts", json={"name": "李梅", **BORN}).json()
    assert {name: made[name] for name in fields.BIRTH} == BORN
    url = f"/api/v1/contacts/{made['id']}"
    assert program.request("PATCH", url, json={"birth_month": 13}).status_code == 422
    assert program.request("PATCH", url, json={"birth_lunar": False, "birth_month": 2}).status_code == 422
    assert program.request("PATCH", url, json={"birth_leap": False}).json()["birth_leap"] is False
    with runtime.database.system_session("test", write=False) as session:
        trail = {row.action: (row.before, row.after) for row in session.scalars(select(AuditEntry))}
        assert trail["customers.contact_create"][1]["birth_day"] == 30
        assert trail["customers.contact_update"] == ({"birth_leap": True}, {"birth_leap": False})
        held = collecting.collect(session, company)
    people = next(part.rows for part in held.held if any(row.get("name") == "李梅" for row in part.rows))
    assert people[0]["birth_year"] == 1986


def test_a_row_about_a_company_tells_the_birthday_of_its_contact(collector: Collector) -> None:  # noqa: F811
    titles, row = ["公司", "联系人", "手机", "生日"], ["启衡咨询", "张海涛", "13800006021", "1986-05-20"]
    for name, rows in (("new", [row]), ("known", [["启衡咨询", "李四", "13800006021", "1990-02-28"]])):
        collector.upload(csv_text(titles, rows).encode(), f"{name}.csv")
        collector.check(duplicates="overwrite")
        collector.commit()
        assert [customer.birth_day for customer in collector.customers()] == [None] * (name == "new")
    assert born(collector.runtime, "张海涛") == (1986, 5, 20, False, False)
    assert born(collector.runtime, "李四") == (1990, 2, 28, False, False)


def test_a_merged_customer_keeps_the_birthdays_of_all_its_people(runtime, actor, company) -> None:
    with runtime.database.actor_session(actor) as session:
        other = services.create(session, actor, CustomerInput(name="启衡", phone="13800006022"))
        contacts.create(session, actor, ContactInput(name="李梅", customer_id=other.id, **BORN))
        other_id = other.id
    with runtime.database.actor_session(actor) as session:
        merging.merge(session, actor, company, other_id)
    with runtime.database.system_session("test", write=False) as session:
        moved = session.scalars(select(Contact).where(Contact.name == "李梅")).one()
        assert (moved.customer_id, moved.birth_day, fields.born(moved)) == (company, 30, "1986年农历闰6月30日")


@pytest.mark.any_database
def test_lists_have_a_column_for_them(runtime, browser, factory, actor, company) -> None:
    page = browser.sign_in(factory.user("management"))
    with runtime.database.actor_session(actor) as session:
        contacts.create(session, actor, ContactInput(name="李梅", customer_id=company, **BORN))
        person = {"kind": "person", "birth_year": 1980, "birth_month": 5, "birth_day": 20}
        services.create(session, actor, CustomerInput(name="王小明", phone="13800006022", **person))
    told = {"/contacts": "1986, lunar calendar, month leap month 6, day 30", "/customers": "1980-05-20"}
    for path, words in told.items():
        assert words not in page.get(path).text
        assert page.post(f"{path}/columns", {"state": "", "column": ["birthday"]}).status_code == 303
        assert words in page.get(path).text
