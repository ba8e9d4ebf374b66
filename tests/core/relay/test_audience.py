"""Who sees a customer, and why: the same people as the scope guard lets through, in houses made at random."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.contracts.identity import Scope
from platform_core.customers.models import Customer
from platform_core.kernel import counters
from platform_core.kernel.clock import now
from platform_core.kernel.i18n import speaking
from platform_core.kernel.ids import new_id
from platform_core.permissions.actors import COUNTER, load_actor
from platform_core.permissions.models import Access, DelegatedRight, Delegation, Role, RoleAssignment, RoleGrant
from platform_core.relay import audience
from platform_core.testing import pytest_plugin as kit
from platform_core.users.models import Team, TeamMember, User

ENDS = (None, None, timedelta(days=-1), timedelta(days=1))


def build(factory, seed):
    """Departments, teams, roles of every scope, people, customers and access, each at random; some of it over."""
    random = Random(seed)
    root = factory.department()
    places = [root]
    places += [factory.department(parent=random.choice(places)) for _ in range(4)]
    teams = [Team(name=f"team{seed}-{number}") for number in range(2)]
    roles = [Role(code=f"r{seed}-{n}", name=f"role {n}") for n in range(7)]
    factory.add(*teams, *roles)
    for number, role in enumerate(roles[:6]):
        factory.add(RoleGrant(role_id=role.id, permission="customers.view", scope=Scope(number)))
        if random.random() < 0.5:
            factory.add(RoleGrant(role_id=role.id, permission="relay.accept", scope=Scope.ALL))
    roles[random.randrange(7)].retired_at = now()
    with factory.runtime.database.system_session("test") as session:
        for role in roles:
            session.merge(role)
    people = [factory.user("", random.choice([*places, None])) for _ in range(8)]
    rows, moment = [], now()
    for user in people:
        for _ in range(random.randrange(3)):
            end = random.choice(ENDS)
            rows.append(
                RoleAssignment(
                    user_id=user.id, role_id=random.choice(roles).id,
                    department_id=random.choice([None, None, *(place.id for place in places)]),
                    valid_from=moment + timedelta(days=random.choice([-3, -3, -3, 3])),
                    valid_to=moment + end if end else None,
                )
            )  # fmt: skip
        if random.random() < 0.6:
            end = random.choice(ENDS)
            until = moment + end if end else None
            rows.append(TeamMember(team_id=random.choice(teams).id, user_id=user.id, until=until))
    customers = [
        factory.customer(
            random.choice([*people, None]),
            department_id=random.choice([None, *(place.id for place in places)]),
            team_id=random.choice([None, *(team.id for team in teams)]),
        )
        for _ in range(5)
    ]
    for _ in range(14):
        end, kind = random.choice(ENDS), random.choice(("member", "offer", "leg", "share"))
        to_user = kind in {"member", "share"} or (kind == "offer" and random.random() < 0.4)
        rows.append(
            Access(
                kind=kind, user_id=random.choice(people).id if to_user else None,
                department_id=None if to_user else random.choice(places).id,
                customer_id=random.choice(customers).id, engagement_id=new_id(),
                until=moment + end if end else None,
            )
        )  # fmt: skip
    loans = []
    for _ in range(7):
        giver, receiver = random.sample(people, 2)
        end = random.choice((timedelta(days=-1), timedelta(days=1), timedelta(days=5)))
        loans.append(
            Delegation(
                id=new_id(), giver_id=giver.id, receiver_id=receiver.id, reason="holidays",
                valid_from=moment + timedelta(days=random.choice([-3, -3, -3, 3])), valid_to=moment + end,
                ended_at=random.choice([None, None, None, moment]),
            )
        )  # fmt: skip
        rows.append(
            DelegatedRight(delegation_id=loans[-1].id, permission="customers.view", scope=Scope(random.randrange(1, 6)))
        )
    factory.add(*loans)
    factory.add(*rows)
    with factory.runtime.database.system_session("test") as session:
        session.get_one(User, random.choice(people).id).status = random.choice(("active", "frozen", "left"))
        counters.bump(session, COUNTER)
    return people, customers


def let_through(runtime, people):
    """Customer -> ids of those whose own session finds it."""
    found = {}
    for user in people:
        with runtime.database.system_session("test") as session:
            actor = load_actor(session, user.id)
        if actor is None or not actor.may_enter("customers.view"):
            continue
        with runtime.database.actor_session(actor) as session:
            for key in session.scalars(select(Customer.id)):
                found.setdefault(key, set()).add(user.id)
    return found


def test_the_page_names_exactly_those_whom_the_guard_lets_through(stand: kit.Stand, factory):
    runtime = stand.runtime
    seen = set()

    @settings(
        max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
    )
    @given(st.integers(min_value=0, max_value=2**32))
    def explore(seed):
        with runtime.database.connection("clean up after a house") as connection:
            kit._restore(connection, stand)
        people, customers = build(factory, seed)
        wanted = let_through(runtime, people)
        for customer in customers:
            with runtime.database.system_session("test", write=False) as session, speaking("en"):
                viewers = audience.viewers(session, session.get_one(Customer, customer.id))
            assert {viewer.actor.user_id for viewer in viewers} == wanted.get(customer.id, set())
            seen.update(reason.split()[0] for viewer in viewers for reason in viewer.reasons)

    explore()
    assert "stands" in seen, "nobody stood in for anybody"
    assert len(seen) >= 4, "the houses were too plain to tell anything"


def test_the_page_tells_why_and_is_written_down(browser, factory, runtime, count_queries):
    place = factory.department("Sales")
    owner, head = factory.user("coordinator", place), factory.user("department_head", place)
    customer = factory.customer(owner)
    stranger = factory.user("coordinator")
    boss = factory.user("management")
    inside = browser.sign_in(boss)
    assert f"/customers/{customer.id}/audience" in inside.get(f"/customers/{customer.id}").text
    with count_queries(at_most=12):
        page = inside.get(f"/customers/{customer.id}/audience")
    assert page.status_code == 200
    assert "3 people see this customer" in page.text
    assert "owns this customer" in page.text
    assert "sees customers of Sales" in page.text
    assert f"/settings/users/{head.id}" in page.text
    assert f"/settings/users/{stranger.id}" not in page.text
    with runtime.database.system_session("look", write=False) as session:
        line = session.scalars(select(AuditEntry).where(AuditEntry.action == "relay.audience")).one()
    assert (line.actor_id, line.customer_id) == (boss.id, customer.id)
    assert browser.sign_in(head).get(f"/customers/{customer.id}/audience").status_code == 403
    assert inside.get(f"/customers/{new_id()}/audience").status_code == 404


def test_a_large_house_is_read_page_by_page(browser, factory):
    customer = factory.customer()
    for _ in range(60):
        factory.user("finance")
    inside = browser.sign_in(factory.user("management"))
    first = inside.get(f"/customers/{customer.id}/audience").text
    assert first.count("/settings/users/") == 50
    following = first.split('rel="next" href="')[1].split('"')[0]
    second = inside.get(following.replace("&amp;", "&")).text
    assert second.count("/settings/users/") == 11
    assert inside.get(f"/customers/{customer.id}/audience?after=nonsense").status_code == 422
