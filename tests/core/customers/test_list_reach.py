"""The list's own statements show exactly what the policy allows, whatever the actor and the plan."""

from __future__ import annotations

import json
import random
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect, select, text

from platform_core.contracts.identity import Actor, Scope
from platform_core.customers import reach, search_rows, widths
from platform_core.customers.listing import CUSTOMERS
from platform_core.customers.models import Customer
from platform_core.kernel import planning
from platform_core.kernel.clock import now
from platform_core.kernel.ids import new_id
from platform_core.kernel.letters import letter_index
from platform_core.kernel.scope import proven, readable
from platform_core.permissions.models import Access
from platform_core.users.models import Team
from platform_core.web.lists import conditions, reading
from platform_core.web.lists.reading import Reader
from platform_core.web.lists.state import ListState


@pytest.fixture
def world(runtime, factory):
    """Four departments, six people, customers of all kinds of owners, access rows of every kind, some in the bin."""
    chance = random.Random(7)
    departments = [factory.department() for _number in range(4)]
    people = [factory.user(department=chance.choice(departments)) for _number in range(6)]
    team = Team(name="East")
    factory.add(team)
    moment = now()
    customers = []
    for number in range(120):
        owner = chance.choice([*people, None])
        customers.append(
            Customer(
                code=f"R-{number}",
                name=f"Reach {number}",
                name_key=f"reach {number % 9}",
                owner_id=owner.id if owner else None,
                department_id=chance.choice([*(item.id for item in departments), None]),
                team_id=team.id if chance.random() < 0.2 else None,
                updated_at=moment - timedelta(minutes=chance.randrange(20)),
                next_plan_at=moment + timedelta(days=chance.randrange(3)) if chance.random() < 0.5 else None,
                deleted_at=moment if chance.random() < 0.1 else None,
            )
        )
    factory.add(*customers)
    factory.add(
        *(
            Access(
                kind=kind,
                user_id=chance.choice(people).id if kind in {"member", "share"} else None,
                department_id=chance.choice(departments).id if kind in {"offer", "leg"} else None,
                customer_id=chance.choice(customers).id,
                until=chance.choice([None, None, moment - timedelta(days=1), moment + timedelta(days=1)]),
            )
            for kind in chance.choices(["member", "share", "offer", "leg"], k=60)
        )
    )
    return runtime, departments, people, team


def actors(departments, people, team):
    ids = [item.id for item in departments]
    sets = st.frozensets(st.sampled_from(ids), max_size=3)
    return st.builds(
        lambda user, scope, accepts, own, below, teams: Actor(
            user_id=user.id,
            name="x",
            grants={"customers.view": scope, **({"relay.accept": Scope.ALL} if accepts else {})},
            department_ids=own,
            subtree_ids=own | below,
            team_ids=teams,
        ),
        st.sampled_from(people),
        st.sampled_from(list(Scope)),
        st.booleans(),
        sets,
        sets,
        st.sampled_from([frozenset(), frozenset([team.id])]),
    )


def allowed(session):
    return set(session.scalars(select(Customer.id)))


def walked(session, actor, view, plan=None, sort="", size=7):
    """Ids of all pages, forward."""
    found, after = [], ""
    while True:
        page = Reader(session, actor, ListState(view=view, sort=sort, after=after), plan=plan).page(size)
        found += [row.id for row in page.rows]
        after = page.after
        if not after:
            return found


@pytest.mark.parametrize("parts", [0, 64])
def test_every_plan_shows_what_the_policy_allows(world, monkeypatch, parts):
    """With 0 a walk down the order comes before each merge, as for actors of very many departments."""
    runtime, departments, people, team = world
    monkeypatch.setattr(reading, "_MOST_MERGED_BLINDLY", parts)

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(actors(departments, people, team), st.sampled_from(["", "name", "next_plan", "-next_plan"]))
    def check(actor, sort):
        with runtime.database.actor_session(actor) as session:
            expected = allowed(session)
            own = ("whole",) if actor.scope("customers.view") == Scope.ALL else ("merge", "predicate")
            for plan in (*own, "few"):
                found = walked(session, actor, CUSTOMERS, plan, sort)
                assert len(found) == len(set(found))
                assert set(found) == expected
                count = Reader(session, actor, ListState(view=CUSTOMERS), plan=plan).count()
                assert (count.number, count.more) == (len(expected), False)
            reached = select(Customer.id).where(readable(session, Customer)).execution_options(**proven("test"))
            assert set(session.scalars(reached)) == expected

    check()


def test_wide_branches_of_sqlite_show_the_same(world, monkeypatch):
    runtime, departments, people, _team = world
    actor = Actor(
        user_id=people[0].id,
        name="x",
        grants={"customers.view": Scope.SUBTREE},
        department_ids=frozenset([departments[0].id]),
        subtree_ids=frozenset(item.id for item in departments[:2]),
    )
    monkeypatch.setattr(reach, "_WIDE", 1)
    widths.forget()
    with runtime.database.actor_session(actor) as session:
        assert set(walked(session, actor, CUSTOMERS, "merge")) == allowed(session)
    widths.forget()


def test_plan_follows_scope_and_conditions(world, monkeypatch):
    runtime, _departments, people, _team = world
    view = CUSTOMERS

    def plan(scope, **state):
        actor = Actor(
            user_id=people[0].id, name="x", grants={"customers.view": scope}, department_ids=frozenset([new_id()])
        )
        with runtime.database.actor_session(actor) as session:
            return Reader(session, actor, ListState(view=view, **state)).plan

    tags = (reading.conditions.Condition("tags", "filled"),)
    status = (reading.conditions.Condition("status", "is", ("new",)),)
    assert plan(Scope.ALL) == "whole"
    assert plan(Scope.OWN) == plan(Scope.DEPARTMENT) == "merge"
    # Of few ranges all rows may be read, whatever is asked for.
    assert plan(Scope.OWN, conditions=status) == plan(Scope.OWN, conditions=tags) == "merge"
    assert plan(Scope.OWN, words="nobody") == "predicate"
    monkeypatch.setattr(reading, "_NARROW_PARTS", 0)
    if runtime.database.is_sqlite:
        assert plan(Scope.OWN, conditions=status) == "merge"
        assert plan(Scope.OWN, conditions=tags) == "predicate"
        return
    # A house this small has few rows whatever one asks for.
    assert plan(Scope.OWN, conditions=status) == plan(Scope.OWN, conditions=tags) == "few"
    assert plan(Scope.ALL, conditions=status) == "few"
    monkeypatch.setattr(reading, "_FEW", 0)
    assert plan(Scope.OWN, conditions=status) == "merge"


def test_few_rows_are_looked_for_where_an_index_leads_to_them(runtime, monkeypatch):
    if runtime.database.is_sqlite:
        pytest.skip("it has no statistics to use them by")
    proof = proven("test")
    named = select(Customer.id).where(Customer.contact_name.icontains("li"))
    one = select(Customer.id).where(Customer.id == new_id())
    with runtime.database.system_session("test", write=False) as session:
        assert not planning.expected(session, named, proof).scans  # so few rows are read either way
        monkeypatch.setattr(planning, "_LARGE", 0.0)
        assert planning.expected(session, named, proof).scans
        session.execute(text("SET LOCAL enable_seqscan = off"))
        assert not planning.expected(session, one, proof).scans


_LETTERS = st.text("aA\u00e9%_/\\\\ 1\u676d\u5dde\u5927", min_size=1, max_size=3)


@pytest.mark.parametrize("field", ["city", "name"])
def test_what_a_text_contains_is_the_same_by_an_index(runtime, factory, field):
    """Whatever is looked for: signs that patterns have a meaning for, either case, letters in another order."""
    if runtime.database.is_sqlite:
        pytest.skip("it has no such indexes")
    texts = (
        "\u676d\u5dde",
        "\u5dde\u676d",
        "a%A_1",
        "A/b\\\\",
        "\u00c9a",
        "\u00e9 A",
        "1 1",
        "\u5927",
        "\u676d(\u5dde)\u5927A",
    )
    for written in texts:
        customer = factory.customer(None, **{field: written})
        with runtime.database.system_session("test") as session:
            search_rows.reindex(session, customer.id)
    column = getattr(Customer, field)

    def found(session, condition, *, narrowed):
        actor, groups = Actor(user_id=None, name="x"), [[condition]]
        where = conditions.joined(session, actor, CUSTOMERS, groups, any_of=False, narrowed=narrowed)
        return set(session.scalars(select(column).where(*where)))

    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(["has", "starts", "is"]), _LETTERS)
    def check(operator, text):
        condition = conditions.Condition(field, operator, (text,))
        with runtime.database.system_session("test", write=False) as session:
            plain = found(session, condition, narrowed=False)
            assert plain == found(session, condition, narrowed=True)
            if operator == "has":
                assert plain == {one for one in texts if text.lower() in one.lower()}

    check()


def test_a_text_that_few_have_is_found_by_its_letters(runtime, factory, monkeypatch):
    if runtime.database.is_sqlite:
        pytest.skip("it has no index over letters")
    cities = ["\u676d\u5dde\u5e02", *(f"Springfield {number}" for number in range(3000))]
    factory.add(*(Customer(code=f"L-{at}", name="x", city=city) for at, city in enumerate(cities)))
    actor = Actor(user_id=new_id(), name="x", grants={"customers.view": Scope.ALL})
    monkeypatch.setattr(planning, "_LARGE", 0.0)
    with runtime.database.system_session("test") as session:
        # As after a night: what waits to be merged would be read first.
        session.execute(text("SELECT gin_clean_pending_list('ix_customers_customer_letters')"))
        session.execute(text("ANALYZE customers_customer"))
    with runtime.database.actor_session(actor) as session:
        state = ListState(view=CUSTOMERS, conditions=(conditions.Condition("city", "has", ("\u5dde\u5e02",)),))
        reader = Reader(session, actor, state)
        assert reader.plan == "few"
        assert [row.city for row in reader.page().rows] == cities[:1]
        assert letter_index("customers_customer") in json.dumps(
            session.scalar(
                planning._Explained(reader._count_statement()), {"row_limit": 9}, execution_options=proven("t")
            )
        )


def test_what_lists_are_asked_for_has_an_index(runtime):
    """On PostgreSQL, where a rare value is looked up; yes and no, and who is a man, are half of all customers."""
    if runtime.database.is_sqlite:
        pytest.skip("it has no statistics to use them by")
    indexed = {item["column_names"][0] for item in inspect(runtime.database.engine).get_indexes("customers_customer")}
    asked = {item.expression.key for item in CUSTOMERS.filters if item.kind in {"choice", "date"} and item.among is None
             and item.expression is not None}  # fmt: skip
    assert asked - indexed == {"kind", "gender"}


def test_count_is_capped(runtime, factory):
    user = factory.user()
    factory.add(*(Customer(code=f"K-{number}", name="K", owner_id=user.id) for number in range(12)))
    actor = factory.actor(user)
    with runtime.database.actor_session(actor) as session:
        reader = Reader(session, actor, ListState(view=CUSTOMERS))
        assert (reader.count(10).number, reader.count(10).more) == (10, True)
        assert (reader.count(12).number, reader.count(12).more) == (12, False)
