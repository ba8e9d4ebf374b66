"""A table of opportunities: customers by code or name, a check that writes nothing, all rows or none."""

from __future__ import annotations

from decimal import Decimal

import pytest
from baton_plugins.opportunities.models import Opportunity
from sqlalchemy import select

from platform_core.api import Engagement
from platform_core.kernel.models import JobRow

URL = "/import/opportunities.opportunities"
HEAD = "Customer,Title,Project type,Expected value,Probability,Expected on,Department that works on it\n"


@pytest.fixture
def collector(house, browser):
    return browser.sign_in(house.collector)


def send(browser, text, **fields):
    return browser.post(URL, fields, files={"file": ("table.csv", text.encode(), "text/csv")})


def stored(house):
    with house.runtime.database.system_session("look", write=False) as session:
        return session.scalars(select(Opportunity).order_by(Opportunity.title)).all()


def test_a_row_becomes_an_opportunity_on_its_route(house, collector):
    assert URL in collector.get("/opportunities").text
    table = HEAD + (
        f'{house.customer.code},Leadership,Training,"¥38,000",60%,2027-01-15,\n{house.customer.name},Coaching,training,,,,\n'
    )
    checked = send(collector, table, check="1")
    assert checked.status_code == 200
    assert "2 rows can be added" in checked.text
    assert stored(house) == []
    with house.runtime.database.system_session("look", write=False) as session:
        assert session.scalars(select(Engagement.id)).all() == []
        assert session.scalars(select(JobRow.id)).all() == []
    done = send(collector, table)
    assert (done.status_code, done.headers["location"]) == (303, "/opportunities")
    coaching, leadership = stored(house)
    assert (leadership.expected_value, leadership.probability) == (Decimal(38000), 60)
    assert (coaching.expected_value, coaching.probability) == (None, 50)
    assert {row.customer_id for row in (coaching, leadership)} == {house.customer.id}
    assert coaching.engagement_id != leadership.engagement_id


def test_every_fault_is_named_and_nothing_is_added(house, collector):
    table = HEAD + (
        "nobody,A,training,,,,\n"
        f"{house.customer.code},B,cooking,,,,\n"
        f"{house.customer.code},C,training,many,,,\n"
        f"{house.customer.code},D,training,,200%,,\n"
        f"{house.customer.code},E,training,,,,nowhere\n"
        f"{house.customer.code},F,training,,,,\n"
    )
    for fields in ({}, {"check": "1"}):
        page = send(collector, table, **fields)
        assert page.status_code == 422
        for text in ("no such customer", "no such project type", "1280.50", "100 or less", "no such department"):
            assert text in page.text, text
        assert stored(house) == []


def test_customers_that_one_does_not_see_or_may_not_work_on_take_nothing(house, browser):
    page = send(browser.sign_in(house.colleague), HEAD + f"{house.customer.code},A,training,,,,\n")
    assert page.status_code == 422
    assert "no such customer" in page.text
    assert stored(house) == []


def test_a_name_that_two_customers_have_is_not_guessed(house, collector, factory):
    factory.customer(house.collector, name=house.customer.name)
    page = send(collector, HEAD + f"{house.customer.name},A,training,,,,\n")
    assert "Write the code" in page.text
    assert send(collector, HEAD + f"{house.customer.code},A,training,,,,\n").status_code == 303
