"""Customer codes by rule: prefix, date, sequence and where it begins again, unique however many add customers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest
from sqlalchemy import select

from platform_core.customers import codes, services
from platform_core.customers.codes import Rule
from platform_core.customers.forms import CustomerInput, CustomerPatch
from platform_core.customers.models import Customer
from platform_core.kernel.clock import freeze, today
from platform_core.kernel.errors import Forbidden, Invalid


@pytest.fixture
def me(factory):
    return factory.actor(factory.user("coordinator", factory.department()))


@pytest.fixture
def ruled(runtime, factory):
    """`ruled(kind, prefix="K", …)` sets a rule as the office does."""
    office = factory.actor(factory.user("office"))

    def call(kind="organisation", **parts):
        with runtime.database.actor_session(office) as session:
            codes.change(session, office, kind, Rule(**parts))

    return call


@pytest.fixture
def add(runtime, me):
    def call(**given):
        with runtime.database.actor_session(me) as session:
            return services.create(session, me, CustomerInput(name="Acme", custom={}, **given)).code

    return call


def test_codes_are_unique_and_without_gaps_when_many_add_at_once(runtime, ruled, me, add):
    """Twelve threads, each with a connection of its own; each gives up once after it has a number."""
    ruled(prefix="K", date="month", reset="month", digits=4)
    start = Barrier(12)

    def work(_number):
        with freeze(datetime(2026, 11, 23, 4, tzinfo=UTC)):
            start.wait()
            made = [add() for _turn in range(4)]
            with runtime.database.session_for(me) as session:
                services.create(session, me, CustomerInput(name="Gone"))
                session.rollback()
            return [*made, add()]

    with ThreadPoolExecutor(12) as pool:
        made = [code for codes_made in pool.map(work, range(12)) for code in codes_made]
    assert sorted(made) == [f"K-202611-{number:04}" for number in range(1, 61)]


def test_numbers_begin_again_with_the_period_and_follow_what_was_typed(runtime, ruled, add, factory):
    assert add() == f"C-{today().year}-00001"
    ruled(prefix="P", separator="", date="day", reset="month", digits=3)
    ruled("person", prefix="R", separator="/", date="never", reset="never", digits=2)
    with freeze(datetime(2026, 11, 30, 4, tzinfo=UTC)):
        assert [add(), add(kind="person")] == ["P20261130001", "R/01"]
    with freeze(datetime(2026, 12, 1, 4, tzinfo=UTC)):
        assert [add(), add(), add(kind="person")] == ["P20261201001", "P20261201002", "R/02"]
    with freeze(datetime(2026, 12, 2, 4, tzinfo=UTC)):
        assert add() == "P20261202003", "the day in the code does not begin the month's numbers again"
    factory.add(*(Customer(code=f"Q-{number:04}", name="Imported") for number in (*range(1, 30), 41)))
    factory.add(Customer(code="Q-X", name="Odd"))
    ruled(prefix="Q", date="never", reset="never", digits=4)
    with runtime.database.system_session("look", write=False) as session:
        assert codes.example(session, codes.of(session, "organisation")) == "Q-0042"
    assert [add(), add(code="Q-0043"), add()] == ["Q-0042", "Q-0043", "Q-0044"], "what is typed is left out"


@pytest.mark.any_database
def test_rules_say_who_makes_codes_and_which_rules_repeat(runtime, ruled, add, me):
    made = add()
    ruled(typed="generated")
    with pytest.raises(Invalid) as error:
        add(code="MINE-1")
    assert set(error.value.fields) == {"code"}
    with runtime.database.system_session("look", write=False) as session:
        customer_id = session.scalars(select(Customer.id).where(Customer.code == made)).one()
    with pytest.raises(Invalid), runtime.database.actor_session(me) as session:
        services.update(session, me, customer_id, CustomerPatch(code="MINE-1"))
    ruled(typed="typed")
    with pytest.raises(Invalid):
        add()
    assert add(code="MINE-1") == "MINE-1"
    with pytest.raises(Invalid) as error:
        ruled(date="year", reset="day")
    assert set(error.value.fields) == {"reset"}
    with pytest.raises(Forbidden), runtime.database.actor_session(me) as session:
        codes.change(session, me, "organisation", Rule())


@pytest.mark.any_database
def test_the_page_shows_the_next_code_and_takes_rules(browser, factory):
    office = browser.sign_in(factory.user("office"))
    page = office.get("/settings/codes")
    assert f"C-{today().year}-00001" in page.text
    form = {"prefix": "VIP", "separator": "", "date": "never", "digits": "6", "reset": "never", "typed": "either"}
    assert "VIP000001" in office.post("/settings/codes/person/example", form).text
    assert office.post("/settings/codes/person", form).status_code == 303
    assert "VIP000001" in office.get("/settings/codes").text
    refused = office.post("/settings/codes/person", {**form, "reset": "year"})
    assert (refused.status_code, "would repeat" in refused.text) == (422, True)
    assert office.post("/settings/codes/nobody", form).status_code == 404
    assert browser.sign_in(factory.user()).get("/settings/codes").status_code == 403
    rules = browser.sign_in(factory.user("office")).get("/api/v1/customer-codes").json()["items"]
    assert [(rule["kind"], rule["example"]) for rule in rules][1] == ("person", "VIP000001")
