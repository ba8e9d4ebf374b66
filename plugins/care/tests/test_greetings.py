"""Whom the night greets: once, on the right day, and not those who are to be left alone."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta

import pytest
from baton_plugins.care import expanding, sending
from baton_plugins.care.models import Greeting, Occasion
from sqlalchemy import func, select

from platform_core.api import Customer, at_local, new_id
from platform_core.audit.models import AuditEntry
from platform_core.kernel.clock import freeze
from platform_core.outbox.models import Exclusion

DAY = date(2026, 9, 25)
"""Mid-Autumn Festival, 8-15 of the lunar year"""


def test_the_night_greets_each_once_and_leaves_out_who_is_to_be_left_alone(house, template, browser, runtime) -> None:
    keeps = house.keep("mid_autumn", template)
    house.keep("birthday", template)
    lunar = {"birth_month": 8, "birth_day": 15, "birth_lunar": True}
    house.customer("festival", "13900000001")
    house.customer("born on it", "13900000002", **lunar, birth_year=1980)
    house.customer("same number", "13900000001")
    house.customer("not asked", "13900000004", agreed=False)
    mourning = house.customer("in mourning", "13900000005")
    house.customer("grade A", "13900000006", grade="A")
    page = browser.sign_in(house.user)
    told = {"occasion": "", "until": "", "reason": "her mother has died"}
    with freeze(at_local(DAY - timedelta(days=3), 10)):
        assert page.post(f"/care/of/{mourning}/pause", told).status_code == 303
        own = page.get(f"/care/of/{mourning}").text
        seen = page.get(f"/care/day?on={DAY}").text
        assert f"/care/day?on={DAY}" in page.get("/care/").text
        assert page.get(f"/care/day?on={DAY + timedelta(days=9)}").status_code == 404
    assert "All occasions" in own
    assert "died" not in own
    assert [name in seen for name in ("festival", "born on it", "in mourning", "call personally")] == [True] * 4
    assert "died" not in seen
    assert house.messages() == Counter(), "looking ahead sends nothing"
    house.night()
    assert house.greetings() == {
        "festival": ("mid_autumn", "queued", ""),
        "born on it": ("birthday", "queued", ""),
        "same number": ("mid_autumn", "left", "duplicate"),
        "not asked": ("mid_autumn", "left", "no_consent"),
        "in mourning": ("mid_autumn", "left", "excluded"),
        "grade A": ("mid_autumn", "personal", ""),
    }
    with freeze(at_local(DAY, 8)):
        assert house.plans() == [("亲自致电：中秋节", house.user.id)]
        assert runtime.outbox.work("bulk") == 0, "not before its hour"
    house.night()
    assert house.messages() == {"queued": 2}, "the same night again greets nobody"
    with runtime.database.system_session("test") as session:
        blank = runtime.vault.encrypt("")
        born = session.scalars(select(Customer).where(Customer.name == "born on it")).one()
        session.add(Exclusion(id=new_id(), customer_id=born.id, occasion="birthday", reason=blank))
        assert session.get(Occasion, keeps).code == "mid_autumn"
    with freeze(at_local(DAY, 10)):
        runtime.outbox.work("bulk")
    assert house.messages() == {"sent": 1, "refused": 1}, "who is left alone since gets nothing"
    with runtime.database.system_session("test", write=False) as session:
        trail = " ".join(f"{row.action} {row.reason} {row.after}" for row in session.scalars(select(AuditEntry)))
    assert "care.greet" in trail
    assert "died" not in trail


def test_killed_in_the_middle_and_missed_by_days(house, template, monkeypatch) -> None:
    house.keep("mid_autumn", template)
    for number in range(5):
        house.customer(f"customer {number}", f"1390000100{number}")
    monkeypatch.setattr(sending, "SLICE", 2)
    calls, send = [0], sending.send_messages

    def killed(*arguments):
        made = send(*arguments)
        calls[0] += 1
        if calls[0] == 2:
            raise KeyboardInterrupt
        return made

    monkeypatch.setattr(sending, "send_messages", killed)
    with pytest.raises(KeyboardInterrupt):
        house.night()
    assert house.messages() == {"queued": 2}
    monkeypatch.setattr(sending, "send_messages", send)
    house.night(DAY + timedelta(days=1))
    assert house.messages() == {"queued": 5}, "the day after it still arrives, and nobody twice"
    with freeze(at_local(DAY + timedelta(days=2), 9)):
        house.runtime.outbox.work("bulk")
    assert house.messages() == {"expired": 5}, "not two days late"
    with house.runtime.database.system_session("test") as session:
        assert expanding.expand(session, DAY) == 0


@pytest.mark.any_database
def test_a_sensitive_day_is_for_those_alone_who_are_glad_of_it(house, template, browser) -> None:
    day = date(2027, 5, 9)
    mothers = house.keep("mothers_day", template)
    glad, other = house.customer("glad", "13900000021"), house.customer("nobody asked", "13900000022")
    page = browser.sign_in(house.user)
    assert page.post(f"/care/of/{glad}/wish", {"occasion_id": str(mothers), "wanted": "1"}).status_code == 303
    house.night(day)
    assert house.greetings() == {"glad": ("mothers_day", "queued", "")}
    stranger = browser.sign_in(house.factory.user("coordinator"))
    assert stranger.get(f"/care/of/{other}").status_code == 404
    with freeze(at_local(day, 8)):
        assert "glad" in browser.sign_in(house.user).get("/care/").text
        assert "glad" not in browser.sign_in(house.factory.user("coordinator")).get("/care/").text


@pytest.mark.any_database
def test_anniversaries_and_moved_holidays_and_own_occasions(house, template, browser, runtime) -> None:
    page = browser.sign_in(house.user)
    customer = house.customer("old student", "13900000031")
    graduation = house.keep("graduation", template)
    with freeze(at_local(date(2026, 6, 1), 9)):
        answer = page.post(f"/care/of/{customer}/date", {"occasion_id": str(graduation), "day": "2030-07-01"})
        assert (answer.status_code, "still to come" in answer.text) == (422, True)
        page.post(f"/care/of/{customer}/date", {"occasion_id": str(graduation), "day": "2024-02-29"})
        offered = page.get("/settings/care/").text
        assert ">Winter solstice</option>" in offered
        assert ">Sunday</option>" in offered
        made = page.post("/settings/care/", {"name": "House day", "kind": "fixed", "month": "3", "day": "8"})
        url = made.headers["location"]
        assert page.post(url, {"name": "House day", "active": "1"}).status_code == 422, "no template"
        given = {"name": "House day", "active": "1", "hour": "9", "order": "50", "text_": str(template)}
        assert "far from its day" in page.post(url, {**given, "next_year": "2027-11-11"}).text
        assert page.post(url, {**given, "next_year": "2027-03-10"}).status_code == 303
        assert page.get("/settings/care/").status_code == 200
    for day in (date(2027, 2, 28), date(2027, 3, 8), date(2027, 3, 10)):
        house.night(day)
    with runtime.database.system_session("test", write=False) as session:
        days = session.execute(select(Greeting.day, Greeting.year).order_by(Greeting.day)).all()
    assert [tuple(row) for row in days] == [(date(2027, 2, 28), 2027), (date(2027, 3, 10), 2027)]
    program = browser.token(house.user)
    with freeze(at_local(date(2027, 2, 26), 9)):
        week = program.get(f"/api/v1/care/day?on={date(2027, 2, 28)}").json()["items"]
    assert [(item["occasion"], item["customers"][0]["name"]) for item in week] == [("graduation", "old student")]
    assert program.post(f"/api/v1/care/customers/{customer}/pause", json={"occasion": "graduation"}).status_code < 300
    with freeze(at_local(date(2027, 2, 26), 9)):
        assert (
            program.get(f"/api/v1/care/day?on={date(2027, 2, 28)}").json()["items"][0]["customers"][0]["reason"]
            == "excluded"
        )


@pytest.mark.any_database
def test_an_anniversary_by_the_lunar_calendar_comes_once_in_each_lunar_year(house, template, browser, runtime) -> None:
    page = browser.sign_in(house.user)
    customer, other = house.customer("old friend", "13900000041"), house.customer("born too early", "13900000042")
    founded = house.keep("first_contract", template)
    given = {"occasion_id": str(founded), "day": "1900-05-01", "lunar": "1"}
    with freeze(at_local(date(2026, 1, 5), 9)):
        answer = page.post(f"/care/of/{other}/date", given)
        assert (answer.status_code, "reaches back" in answer.text, "1900-05-01" in answer.text) == (422, True, True)
        # The ninth of the twelfth lunar month of 2023, which begins in the year before and goes on into 2024.
        page.post(f"/care/of/{customer}/date", {**given, "day": "2024-01-19"})
        own = page.get(f"/care/of/{customer}").text
    assert 'value="2024-01-19"' in own
    assert re.search(r'name="lunar"[^>]*checked', own)
    days = [date(2025, 1, 8), date(2026, 1, 27), date(2027, 1, 16)]
    for day in [date(2024, 1, 19), *days, date(2025, 1, 19)]:
        house.night(day)
    with runtime.database.system_session("test", write=False) as session:
        found = session.execute(select(Greeting.day, Greeting.year).order_by(Greeting.day)).all()
    assert [tuple(row) for row in found] == [(day, day.year - 1) for day in days]


def test_many_are_written_down_by_one_statement(house, template, runtime, count_queries) -> None:
    house.keep("mid_autumn", template)
    for number in range(30):
        house.customer(f"one of many {number}", f"139000020{number:02}")
    with count_queries(at_most=3), runtime.database.system_session("test") as session:
        assert expanding.expand(session, DAY) == 30
    with runtime.database.system_session("test") as session:
        assert expanding.expand(session, DAY) == 0
        assert session.scalar(select(func.count()).select_from(Greeting)) == 30
