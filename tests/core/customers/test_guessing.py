"""What masks hide cannot be found out by asking: parts of numbers find nothing, and guesses run out."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from platform_core.audit.models import AuditEntry
from platform_core.customers import contacts, searching
from platform_core.customers.contact_listing import CONTACTS
from platform_core.customers.forms import ContactInput
from platform_core.customers.listing import CUSTOMERS
from platform_core.customers.models import ContactPoint
from platform_core.users import probing

NUMBER = "13912345678"


@pytest.fixture
def owner(runtime, factory):
    user = factory.user()
    customer = factory.customer(user, name="Hidden Ltd")
    with runtime.database.actor_session(factory.actor(user)) as session:
        data = ContactInput(name="Ann", phone=NUMBER, email="ann.smith@example.com", customer_id=customer.id)
        contacts.create(session, factory.actor(user), data)
    return user


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.tuples(st.integers(0, 10), st.integers(1, 10)).map(lambda cut: NUMBER[cut[0] : cut[0] + cut[1]]),
        st.sampled_from(["ann.smith", "ann.smith@", "@example.com", "smith@example.com", "139****", "1391234"]),
    )
)
def test_parts_of_a_number_or_address_find_nothing(runtime, factory, owner, part):
    """But what the mask shows, its first three and its last four digits, and its last eight."""
    actor = factory.actor(owner)
    with runtime.database.actor_session(actor) as session:
        found = [row.name for row in searching.find(session, actor, part).rows]
        session.rollback()  # no guess is left behind
    shown = {NUMBER[-8:], NUMBER[-4:], NUMBER[:3], "139****"}
    assert found == (["Hidden Ltd"] if part in shown else [])


def test_no_condition_and_no_order_is_about_a_number():
    hidden = {"cipher", "mask", "full_hash", "last8_hash", "last4_hash", "phone_mask"}
    assert hidden - {"phone_mask"} <= {column.key for column in ContactPoint.__table__.columns}
    for view in (CUSTOMERS, CONTACTS):
        asked = [item.expression for item in view.filters] + [item.column for item in view.sorts]
        assert not {getattr(expression, "key", "") for expression in asked} & hidden


def test_guesses_run_out_on_every_way_and_names_go_on(runtime, factory, browser, owner):
    here, program = browser.sign_in(owner), browser.token(owner)

    def guesses(number):
        """One guess by each way in turn; the answers."""
        tried = f"1391234{number:04}"
        ways = [
            lambda: here.post("/search", {"q": tried}, htmx=True),
            lambda: program.post("/api/v1/customers/search", json={"q": tried}),
            lambda: here.get(here.post("/customers/find", {"q": tried, "state": ""}).headers["location"]),
        ]
        return ways[number % len(ways)]()

    answers = [guesses(number).status_code for number in range(probing.MOST)]
    assert set(answers) == {200}
    for number in range(3):
        assert guesses(number).status_code == 429
    counted = select(func.count()).where(AuditEntry.result == "failed", AuditEntry.actor_id == owner.id)
    with runtime.database.system_session("look", write=False) as session:
        assert session.scalar(counted) == probing.MOST
    assert "Hidden Ltd" in here.post("/search", {"q": "Hidden"}, htmx=True).text
    other = browser.token(factory.user("management"))
    found = other.post("/api/v1/customers/search", json={"q": NUMBER}).json()
    assert [item["name"] for item in found["items"]] == ["Hidden Ltd"]


def test_numbers_that_are_there_are_no_guesses(runtime, browser, owner):
    program = browser.token(owner)
    for _time in range(probing.MOST + 2):
        assert program.post("/api/v1/customers/search", json={"q": NUMBER}).status_code == 200


def test_a_number_of_rows_is_an_answer_too(runtime, factory, browser):
    """Before a file is asked for, its rows are counted: that is a search like any other."""
    boss = browser.sign_in(factory.user("management"))
    for number in range(probing.MOST + 1):
        found = boss.post("/customers/find", {"q": f"1391234{number:04}", "state": ""}).headers["location"]
        answer = boss.get(f"/exports/new?of=list:customers&{found.partition('?')[2]}")
        assert answer.status_code == (200 if number < probing.MOST else 429)
