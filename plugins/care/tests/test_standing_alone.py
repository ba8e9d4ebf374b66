"""Contacts without a customer are greeted on their birthdays, for whoever sees them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from baton_plugins.care import expanding
from baton_plugins.care.models import Greeting
from sqlalchemy import select

from platform_core.api import Contact, at_local, now, speaking
from platform_core.api.messages import OutboxMessage
from platform_core.audit.models import AuditEntry
from platform_core.customers import contacts
from platform_core.kernel.clock import freeze
from platform_core.outbox.models import Exclusion

DAY = date(2026, 9, 25)
"""8-15 of the lunar year"""
SOLAR = {"birth_month": 9, "birth_day": 25}
LUNAR = {"birth_month": 8, "birth_day": 15, "birth_lunar": True, "birth_year": 1980}


@pytest.fixture
def birthdays(house, template):
    return house.keep("birthday", template)


def found(house) -> dict[str, tuple[str, str]]:
    with house.runtime.database.system_session("test", write=False) as session:
        rows = session.execute(
            select(Contact.name, Greeting.state, Greeting.why).join(Contact, Contact.id == Greeting.contact_id)
        )
        return {name: (state, why) for name, state, why in rows}


def test_each_by_its_own_word_as_the_week_has_promised(house, birthdays, browser, runtime) -> None:
    ids = {
        "Li Mei": house.contact(None, "Li Mei", "13900000011", **LUNAR),
        "Wang Wu": house.contact(None, "Wang Wu", "13900000012", **SOLAR),
        "not asked": house.contact(None, "not asked", "13900000013", agreed=False, **SOLAR),
        "no number": house.contact(None, "no number", "", **SOLAR),
        "shares a number": house.contact(None, "shares a number", "13900000012", **SOLAR),
        "restricted": house.contact(None, "restricted", "13900000016", restricted_at=now(), **SOLAR),
        "gone": house.contact(None, "gone", "13900000017", deleted_at=now(), **SOLAR),
        "left alone": house.contact(None, "left alone", "13900000018", **SOLAR),
    }
    page, program = browser.sign_in(house.user), browser.token(house.user)
    url, told = f"/care/contacts/{ids['left alone']}", {"occasion": "", "until": "", "reason": "has died"}
    with freeze(at_local(DAY - timedelta(days=3), 10)), speaking("en"):
        assert page.post(f"{url}/pause", told).status_code == 303
        assert page.post(f"{url}/pause", {**told, "until": "2026-01-01"}).status_code == 422
        assert page.post(f"{url}/other", {}).status_code == 422
        own, week = page.get(url).text, page.get(f"/care/day?on={DAY}").text
        told_api = {
            one["contact"]: one for one in program.get(f"/api/v1/care/day?on={DAY}").json()["items"][0]["customers"]
        }
    assert "All occasions" in own
    assert "2026-09-25" in own, "the birthday"
    assert "has died" not in own + week
    assert url in week
    promised = {name: one["reason"] for name, one in told_api.items()}
    assert promised == {
        "Li Mei": "", "Wang Wu": "", "not asked": "no_consent", "no number": "no_number",
        "shares a number": "duplicate", "left alone": "excluded",
    }  # fmt: skip
    assert {one["customer_id"] for one in told_api.values()} == {None}
    house.night()
    assert {name: why for name, (_state, why) in found(house).items()} == promised
    house.night()
    again = {"occasion": "birthday"}
    assert program.post(f"/api/v1/care/contacts/{ids['Li Mei']}/pause", json=again).status_code < 300
    with freeze(at_local(DAY, 10)):
        runtime.outbox.work("bulk")
    with runtime.database.system_session("test", write=False) as session:
        messages = {row.contact_id: row for row in session.scalars(select(OutboxMessage))}
        sent = {key: (messages[ids[key]].state, messages[ids[key]].reason) for key in ("Li Mei", "Wang Wu")}
        audited = session.scalars(select(AuditEntry).where(AuditEntry.action == "care.week")).first()
    assert sent == {"Li Mei": ("refused", "excluded"), "Wang Wu": ("sent", "")}
    assert len(messages) == 2
    assert ids["Li Mei"].hex in audited.ids
    assert program.post(f"/api/v1/care/contacts/{ids['Li Mei']}/resume", json=again).status_code < 300
    assert page.post(f"{url}/resume", {"occasion": ""}).status_code == 303
    with runtime.database.system_session("test", write=False) as session:
        assert session.scalars(select(Exclusion)).all() == []


@pytest.mark.any_database
def test_only_whoever_sees_the_contact_reads_of_it(house, birthdays, browser, factory, count_queries) -> None:
    with freeze(at_local(DAY, 7)):  # rights begin on the day on which they are given
        department = factory.department()
        mine, head = factory.user("coordinator", department), factory.user("department_head", department)
        stranger = factory.user("coordinator", factory.department())
    theirs = {"owner_id": mine.id, "department_id": department.id}
    contact = house.contact(None, "Li Mei", "13900000011", **SOLAR, **theirs)
    company = house.customer("Qiheng", "13900000001")
    with_customer = house.contact(company, "Wang Wu", "13900000012", **SOLAR)
    url = f"/care/contacts/{contact}"
    with freeze(at_local(DAY, 8)):
        for user, sees in ((mine, True), (head, True), (stranger, False)):
            page = browser.sign_in(user)
            page.get("/care/")
            with count_queries(at_most=12):
                assert ("Li Mei" in page.get("/care/").text) is sees
            with count_queries(at_most=12):
                assert page.get(url).status_code == (200 if sees else 404)
            told = {"occasion": "birthday", "until": "", "reason": ""}
            assert page.post(f"{url}/pause", told).status_code == (303 if sees else 404)
    page = browser.sign_in(house.user)
    assert page.get(f"/care/contacts/{with_customer}").headers["location"] == f"/care/of/{company}"
    assert page.post(f"/care/contacts/{with_customer}/pause", told).status_code == 404
    assert f'href="/care/contacts/{contact}"' in page.get(f"/contacts/{contact}/privacy").text


def test_one_that_finds_a_customer_takes_what_was_sent_along(house, birthdays, factory, runtime) -> None:
    early = house.contact(None, "Li Mei", "13900000011", **SOLAR)
    late = house.contact(None, "Wang Wu", "13900000012", **SOLAR)
    customer = house.customer("Qiheng", "13900000001")
    actor = factory.actor(house.user)
    with runtime.database.system_session("test") as session:
        assert expanding.expand(session, DAY) == 2
    with runtime.database.actor_session(actor) as session:
        contacts.attach(session, actor, late, customer)
    house.night()
    assert found(house) == {"Li Mei": ("queued", ""), "Wang Wu": ("queued", "")}
    with runtime.database.actor_session(actor) as session:
        contacts.attach(session, actor, early, customer)
    with freeze(at_local(DAY, 10)):
        runtime.outbox.work("bulk")
    with runtime.database.actor_session(actor, write=False) as session:
        rows = session.execute(select(OutboxMessage.contact_id, OutboxMessage.customer_id, OutboxMessage.state))
        assert {tuple(row) for row in rows} == {(early, customer, "sent"), (late, customer, "sent")}
