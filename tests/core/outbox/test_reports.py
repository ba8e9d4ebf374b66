"""What providers report is kept as it comes and applied by rank."""

from __future__ import annotations

from itertools import permutations

import pytest
from sqlalchemy import select

from platform_core.outbox.accounts import callback_url
from platform_core.outbox.models import Account, Report
from tests.core.outbox.conftest import House


@pytest.fixture
def address(house: House) -> str:
    """Where the first account's provider reports."""
    account_id, _provider = house.account()
    house.put()
    house.work()
    with house.runtime.database.system_session("test", write=False) as session:
        return callback_url("", house.runtime.vault, session.get(Account, account_id))


def reports(house: House) -> list[tuple[str, str]]:
    with house.runtime.database.system_session("test", write=False) as session:
        return [(row.state, row.note) for row in session.scalars(select(Report).order_by(Report.at))]


def test_any_order_comes_to_the_same(house: House, browser, address) -> None:
    ref = house.message().ref
    for order in permutations(["sent", "undelivered", "delivered"]):
        house.change(state="sent", rank=10)
        for state in (*order, order[0]):
            assert browser.get(f"{address}?ref={ref}&state={state}").text == "OK"
        house.work()
        assert house.message().state == "delivered", order
    assert {state for state, _note in reports(house)} == {"done"}


def test_a_report_says_what_became_of_a_message_nobody_knew_of(house: House, browser, address) -> None:
    house.change(state="unknown", rank=0)
    browser.post(address, {"ref": str(house.message().ref), "state": "undelivered", "code": "UNDELIV"})
    house.work()
    assert (house.message().state, house.message().reason) == ("undelivered", "UNDELIV")


def test_a_report_by_the_providers_number_may_come_before_the_answer(house: House, browser, address) -> None:
    provider_id = house.message().provider_id
    house.change(provider_id="", state="sending", rank=0)
    browser.get(f"{address}?id={provider_id}&state=delivered")
    house.dispatcher.read_reports()
    assert reports(house) == [("new", "")], "it is looked at again"
    house.change(provider_id=provider_id)
    with house.runtime.database.system_session("test") as session:
        for row in session.scalars(select(Report)):
            row.next_at = row.at
    house.dispatcher.read_reports()
    assert (house.message().state, reports(house)) == ("delivered", [("done", "")])


def test_nonsense_is_kept_and_set_aside(house: House, browser, address) -> None:
    assert browser.post(address, {"what": "ever"}).status_code == 200
    house.work()
    assert reports(house) == [("bad", "ValueError")]


def test_whoever_does_not_know_the_address_reports_nothing(house: House, browser, address) -> None:
    wrong = address[:-4] + "AAAA"
    assert browser.get(wrong).status_code == 404
    assert browser.get("/messages/told/00000000-0000-0000-0000-000000000000/x").status_code == 404
    assert browser.post(address, {"what": "x" * 300_000}).status_code == 422
    assert reports(house) == []
