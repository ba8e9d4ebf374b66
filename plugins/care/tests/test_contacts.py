"""People behind a customer are greeted on their birthdays: at their own numbers, by the rules of customers."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from baton_plugins.care.models import Greeting
from sqlalchemy import select

from platform_core.api import Contact, Customer, at_local, now, speaking
from platform_core.api.messages import OutboxMessage
from platform_core.audit.models import AuditEntry
from platform_core.kernel.clock import freeze
from platform_core.outbox.models import Exclusion
from platform_core.privacy.consent import Suppression

DAY = date(2026, 9, 25)
"""8-15 of the lunar year"""
SOLAR = {"birth_month": 9, "birth_day": 25}
LUNAR = {"birth_month": 8, "birth_day": 15, "birth_lunar": True, "birth_year": 1980}


@pytest.fixture
def company(house, template):
    house.keep("birthday", template)
    return house.customer("Qiheng", "13900000001")


def found(house) -> dict[str, tuple[str, str]]:
    """Contact -> what became of its greeting."""
    with house.runtime.database.system_session("test", write=False) as session:
        rows = session.execute(
            select(Contact.name, Greeting.state, Greeting.why).join(Contact, Contact.id == Greeting.contact_id)
        )
        return {name: (state, why) for name, state, why in rows}


def test_each_at_its_own_number_or_left_out_for_a_reason(house, company, browser, runtime) -> None:
    house.contact(company, "Li Mei", "13900000011", **LUNAR)
    house.contact(company, "Wang Wu", "13900000012", **SOLAR)
    house.contact(company, "not asked", "13900000013", agreed=False, **SOLAR)
    house.contact(company, "no number", "", **SOLAR)
    house.contact(company, "another day", "13900000015", birth_month=9, birth_day=26)
    house.contact(company, "shares a number", "13900000012", **SOLAR)
    refusing = house.contact(company, "refusing", "13900000016", **SOLAR)
    gone = house.contact(company, "gone", "13900000017", **SOLAR)
    mourning = house.customer("In mourning", "13900000002")
    house.contact(mourning, "left alone", "13900000018", **SOLAR)
    called = house.customer("Grade A", "13900000003", grade="A")
    house.contact(called, "Zhao Liu", "13900000019", **SOLAR)
    with runtime.database.system_session("test") as session:
        session.get(Contact, gone).deleted_at = now()
        given = {"channel": "", "purpose": "greeting", "source": "form", "by_label": "x"}
        session.add(Suppression(contact_id=refusing, mask="", note="", **given))
    page = browser.sign_in(house.user)
    with freeze(at_local(DAY - timedelta(days=3), 10)):
        assert page.post(f"/care/of/{mourning}/pause", {"occasion": "", "until": "", "reason": "x"}).status_code == 303
        week = page.get(f"/care/day?on={DAY}").text
        program = browser.token(house.user)
        api, later = (
            program.get(f"/api/v1/care/day?on={day}").json()["items"] for day in (DAY, DAY + timedelta(days=1))
        )
        own = browser.sign_in(house.user).get(f"/care/of/{company}").text
    names = ["Li Mei", "Wang Wu", "not asked", "no number", "shares a number", "refusing", "left alone", "Zhao Liu"]
    assert [name in week for name in names] == [True] * len(names)
    assert "gone</a>" not in week
    assert {item["contact"]: item["reason"] for item in api[0]["customers"]} == {
        "Li Mei": "", "Wang Wu": "", "not asked": "no_consent", "no number": "no_number",
        "shares a number": "duplicate", "refusing": "opted_out", "left alone": "excluded", "Zhao Liu": "",
    }  # fmt: skip
    assert [item["contact"] for item in later[0]["customers"]] == ["another day"]
    assert "lunar calendar, month 8, day 15" in own
    assert re.search(r"Li Mei.*Wang Wu.*another day", own, re.DOTALL), "the next ones first"
    house.night()
    assert found(house) == {
        "Li Mei": ("queued", ""), "Wang Wu": ("queued", ""), "not asked": ("left", "no_consent"),
        "no number": ("left", "no_number"), "shares a number": ("left", "duplicate"),
        "refusing": ("left", "opted_out"), "left alone": ("left", "excluded"), "Zhao Liu": ("personal", ""),
    }  # fmt: skip
    assert "Zhao Liu" in house.plans()[0][0]
    house.night()
    with freeze(at_local(DAY, 10)):
        runtime.outbox.work("bulk")
        past = browser.sign_in(house.user).get(f"/care/of/{company}").text
    assert house.messages() == {"sent": 2}
    with runtime.database.system_session("test", write=False) as session:
        masks = set(session.scalars(select(OutboxMessage.mask)))
        whom = set(session.scalars(select(OutboxMessage.contact_id)))
    assert masks == {"139****0011", "139****0012"}
    assert None not in whom
    assert "Li Mei" in past.split("handed over")[0]


def test_a_contact_is_left_alone_and_the_others_of_its_customer_are_not(house, company, browser, runtime) -> None:
    widow, brother = (
        house.contact(company, name, f"1390000004{at}", **SOLAR) for at, name in enumerate(("Wang Fang", "Li Mei"))
    )
    stranger = house.contact(house.customer("Another", "13900000004"), "Zhao Liu", "13900000045")
    page, program = browser.sign_in(house.user), browser.token(house.user)
    url, told = f"/care/of/{company}", {"occasion": "", "until": "", "reason": "her mother has died"}
    with freeze(at_local(DAY - timedelta(days=3), 10)), speaking("en"):
        refused = page.post(f"{url}/pause", {**told, "contact_id": str(stranger)})
        assert (refused.status_code, "choose from the list" in refused.text, "has died" in refused.text) == (
            422, True, True,
        )  # fmt: skip
        assert page.post(f"{url}/pause", {**told, "contact_id": str(widow)}).status_code == 303
        own, week = page.get(url).text, page.get(f"/care/day?on={DAY}").text
        assert browser.sign_in(house.factory.user("coordinator")).post(f"{url}/pause", told).status_code == 404
    assert re.search(r"<b>Wang Fang</b> · All occasions", own)
    assert re.search(r"Wang Fang</a>.*?left out.*?The person is to be left alone", week, re.DOTALL)
    assert "died" not in own + week
    house.night()
    assert found(house) == {"Wang Fang": ("left", "excluded"), "Li Mei": ("queued", "")}
    again = {"contact_id": str(brother), "occasion": "birthday"}
    assert program.post(f"/api/v1/care/customers/{company}/pause", json=again).status_code < 300
    with freeze(at_local(DAY, 10)):
        runtime.outbox.work("bulk")
    assert house.messages() == {"refused": 1}, "whoever is left alone since gets nothing"
    assert program.post(f"/api/v1/care/customers/{company}/resume", json=again).status_code < 300
    assert page.post(f"{url}/resume", {"contact_id": str(widow), "occasion": ""}).status_code == 303
    assert page.post(f"{url}/resume", {"contact_id": "x", "occasion": ""}).status_code == 422
    with runtime.database.system_session("test", write=False) as session:
        assert session.scalars(select(Exclusion)).all() == []
        trail = session.scalars(
            select(AuditEntry).where(AuditEntry.action.startswith("outbox.")).order_by(AuditEntry.seq)
        ).all()
    assert [(line.action, line.entity_label) for line in trail] == [
        ("outbox.leave_alone", "Wang Fang"), ("outbox.leave_alone", "Li Mei"),
        ("outbox.write_again", "Li Mei"), ("outbox.write_again", "Wang Fang"),
    ]  # fmt: skip
    assert {line.customer_id for line in trail} == {company}
    assert "died" not in " ".join(f"{line.reason} {line.after}" for line in trail)


def test_one_number_is_greeted_once_a_day_whatever_for(house, company, template) -> None:
    """The main contact's number is the customer's, and its birthday comes before the festival."""
    house.keep("mid_autumn", template)
    house.contact(company, "Li Mei", "13900000001", **SOLAR)
    house.night()
    assert found(house) == {"Li Mei": ("queued", "")}
    assert house.greetings() == {"Qiheng": ("mid_autumn", "left", "duplicate")}


def test_an_occasion_that_was_switched_off_since_greets_nobody(house, company, template, runtime) -> None:
    from baton_plugins.care.expanding import expand, occasions

    house.contact(company, "Li Mei", "13900000011", **SOLAR)
    with runtime.database.system_session("test") as session:
        assert expand(session, DAY) == 1
        occasions(session)[0].active = False
    house.night()
    assert found(house) == {"Li Mei": ("planned", "")}
    house.night(DAY + timedelta(days=2))
    assert found(house) == {"Li Mei": ("expired", "late")}


def test_nobody_reads_of_contacts_of_customers_they_do_not_see(house, company, browser) -> None:
    house.contact(company, "Li Mei", "13900000011", **SOLAR)
    with freeze(at_local(DAY, 8)):  # rights begin on the day on which they are given
        stranger = browser.sign_in(house.factory.user("coordinator"))
        seen = stranger.get("/care/")
        assert (seen.status_code, "Li Mei" in seen.text) == (200, False)
        assert stranger.get(f"/care/of/{company}").status_code == 404


@pytest.mark.any_database
def test_the_week_takes_as_many_statements_with_contacts_as_without(house, company, browser, count_queries) -> None:
    page = browser.sign_in(house.user)
    for number in range(5):
        house.contact(company, f"person {number}", f"1390000003{number}", **SOLAR)
    with freeze(at_local(DAY, 8)):
        page.get("/care/")
        with count_queries(at_most=12):
            assert "person 4" in page.get("/care/").text
        with count_queries(at_most=12):
            assert "person 4" in page.get(f"/care/of/{company}").text
    with house.runtime.database.system_session("test") as session:
        session.get(Customer, company).deleted_at = now()
    house.night()
    assert found(house) == {}
