"""On SQLite one index of all that conditions compare: it shows the same rows, and the statements go by it."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, inspect, select

from platform_core.app import Runtime
from platform_core.contracts.identity import Actor, Scope
from platform_core.customers import reach, widths
from platform_core.customers.listing import CUSTOMERS
from platform_core.customers.models import Customer
from platform_core.testing.pytest_plugin import make_settings
from platform_core.web.lists import conditions, reading
from platform_core.web.lists.reading import Reader
from platform_core.web.lists.state import ListState
from tests.core.customers.test_list_reach import actors, walked, world  # noqa: F401  a fixture
from tests.core.revisions import downgrade, upgrade

_ASKED = (
    ("industry", "is", "energy"),
    ("industry", "not", "energy"),
    ("nature", "empty"),
    ("birth_month", "is", "7"),
    ("birth_month", "most", "3"),
    ("city", "has", "a%"),
    ("position", "starts", "\u5dde"),
    ("intent", "filled"),
    ("created", "since", "today"),
    ("created", "before", "today"),
)


@pytest.fixture
def described(world, factory):  # noqa: F811  a fixture
    """The customers of the world, with something in the fields that conditions compare."""
    runtime, _departments, _people, _team = world
    chance = random.Random(11)
    with runtime.database.system_session("test") as session:
        for customer in session.scalars(select(Customer).order_by(Customer.code)):
            customer.industry = chance.choice(["", "energy", "it"])
            customer.nature = chance.choice(["", "private"])
            customer.birth_month = chance.choice([None, 2, 7])
            customer.city = chance.choice(["", "A%b", "ab", "\u676d\u5dde"])
            customer.position = chance.choice(["", "\u5dde\u676d", "A"])
            customer.intent = chance.choice(["", "x"])
    widths.forget()
    yield world
    widths.forget()


@pytest.mark.parametrize("cap", [1000, 3])
def test_the_narrow_index_shows_the_same(described, monkeypatch, cap):
    """Whatever is asked for in whatever order; with 3 there are more rows than are found by their keys."""
    runtime, departments, people, team = described
    if not runtime.database.is_sqlite:
        pytest.skip("it has statistics instead")
    monkeypatch.setattr(reach, "_MUCH", 1)
    monkeypatch.setattr(reading, "_NARROW_PARTS", 0)
    monkeypatch.setattr(reading, "COUNT_CAP", cap)
    met = {True: 0, False: 0}

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        actors(departments, people, team),
        st.lists(st.sampled_from(_ASKED), min_size=1, max_size=3, unique=True),
        st.booleans(),
        st.sampled_from(["", "updated", "name", "next_plan", "-next_plan"]),
        st.booleans(),
    )
    def check(actor, asked, any_of, sort, counted):
        made = tuple(
            conditions.Condition(key, operator, tuple(values), group=at)
            for at, (key, operator, *values) in enumerate(asked)
        )
        widths.forget()
        with runtime.database.actor_session(actor) as session:
            joined = conditions.joined(session, actor, CUSTOMERS, [[item] for item in made], any_of=any_of)
            expected = set(session.scalars(select(Customer.id).where(*joined)))
            found, after = [], ""
            while True:
                state = ListState(view=CUSTOMERS, sort=sort, after=after, conditions=made, any_of=any_of)
                reader = Reader(session, actor, state)
                page = reader.page(7, counted=counted)
                found += [row.id for row in page.rows]
                count = reader.count(cap)
                assert (count.number, count.more) == (min(len(expected), cap), len(expected) > cap)
                met[reader._narrow is not None] += 1
                after = page.after
                if not after:
                    break
            assert len(found) == len(set(found))
            assert set(found) == expected
            whole = walked(session, actor, CUSTOMERS, sort=sort)
            assert found == [key for key in whole if key in expected]

    check()
    assert met[True]
    assert met[False]


def _looks(runtime, read):
    """How SQLite goes about each statement that `read` sends to customers."""
    sent = []

    def note(connection, cursor, statement, parameters, context, executemany):
        if "FROM customers_customer" in statement:
            sent.append((statement, parameters))

    event.listen(runtime.database.engine, "before_cursor_execute", note)
    try:
        read()
    finally:
        event.remove(runtime.database.engine, "before_cursor_execute", note)
    with runtime.database.system_session("test", write=False) as session:
        driver = session.connection().connection
        return [
            " / ".join(row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))
            for statement, parameters in sent
        ]


@pytest.mark.parametrize("scope", [Scope.SUBTREE, Scope.ALL, "lent"])
def test_what_is_rare_is_found_by_the_narrow_index(described, monkeypatch, scope):
    """Once, for page and count; and where it is not so rare, the page comes down the same index. SQLite only."""
    runtime, departments, people, _team = described
    if not runtime.database.is_sqlite:
        pytest.skip("it has statistics instead")
    monkeypatch.setattr(reach, "_MUCH", 1)
    monkeypatch.setattr(reading, "_NARROW_PARTS", 1)
    ids = frozenset(item.id for item in departments)
    own = Scope.OWN if scope == "lent" else scope
    actor = Actor(user_id=people[0].id, name="x", grants={"customers.view": own}, department_ids=ids, subtree_ids=ids)
    if scope == "lent":
        boss = Actor(user_id=people[1].id, name="boss", grants={"customers.view": Scope.ALL})
        actor = replace(actor, deputy_for=(boss,))
    asked = (conditions.Condition("city", "has", ("\u5dde",)), conditions.Condition("nature", "is", ("private",)))

    def read():
        with runtime.database.actor_session(actor) as session:
            reader = Reader(session, actor, ListState(view=CUSTOMERS, conditions=asked))
            assert reader.page(counted=True).rows
            assert reader.count().number

    read()  # how much it is has been asked for
    by = f"SCAN customers_customer USING INDEX {reach.NARROW.name}"
    found, page = _looks(runtime, read)
    assert by in found
    assert "SEARCH customers_customer USING INDEX sqlite_autoindex" in page
    assert reach.NARROW.name not in page
    monkeypatch.setattr(reading, "COUNT_CAP", 1)
    walked_down = _looks(runtime, read)
    assert len(walked_down) == 3
    assert all(by in plan for plan in walked_down)


def test_the_narrow_index_holds_what_conditions_compare(runtime):
    asked = {item.compared.key for item in CUSTOMERS.filters if item.compared is not None}
    # These have indexes of their own that lead to few rows; and a code is met once.
    assert asked - set(reach.NARROW.columns) == {"owner_id", "department_id", "team_id", "code"}
    there = {item["name"]: item for item in inspect(runtime.database.engine).get_indexes("customers_customer")}
    if runtime.database.is_sqlite:
        assert tuple(there[reach.NARROW.name]["column_names"]) == reach.NARROW.columns
    else:
        assert reach.NARROW.name not in there


def _is_there(runtime):
    return reach.NARROW.name in {
        item["name"] for item in inspect(runtime.database.engine).get_indexes("customers_customer")
    }


def test_it_comes_and_goes_with_its_migration(empty_database, tmp_path):
    runtime = Runtime(make_settings(empty_database, tmp_path))
    runtime.migrate()
    is_sqlite = runtime.database.is_sqlite
    assert _is_there(runtime) == is_sqlite
    downgrade(runtime, "core_0048")
    assert not _is_there(runtime)
    upgrade(runtime, "core_0049")
    assert _is_there(runtime) == is_sqlite
    runtime.close()
