"""Counting: exact whatever runs at once, by the organisation's day, against the cap that holds for the person."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from platform_core.audit.models import AuditEntry
from platform_core.caps import counting
from platform_core.caps import settings as caps
from platform_core.caps.limits import OPEN, REVEAL
from platform_core.caps.models import Opened, RoleCap, UserCap
from platform_core.kernel.clock import freeze, today
from platform_core.kernel.errors import Forbidden, Frozen, Invalid
from platform_core.kernel.ids import new_id
from platform_core.permissions.models import Role
from platform_core.testing.factories import Factory
from platform_core.users.models import Freeze, Notification, User

CAP = 10
AT_ONCE, ATTEMPTS = 8, 80


def cap(factory, user, number, counter=OPEN):
    factory.add(UserCap(user_id=user.id, counter=counter, cap=number))
    return factory.actor(user)


def opens(runtime, actor, customer_id, counter=OPEN):
    """One request: whether it was let through."""
    try:
        with runtime.database.actor_session(actor) as session:
            counting.count(session, actor, customer_id, counter)
    except Frozen:
        return False
    return True


def state(runtime, user):
    with runtime.database.system_session("look", write=False) as session:
        of_user = Opened.user_id == user.id
        latest = session.scalars(select(func.max(Opened.number)).where(of_user).group_by(Opened.day, Opened.counter))
        used = sum(latest.all())
        seen = session.scalar(select(func.count()).select_from(Opened).where(of_user))
        return used, seen, session.get_one(User, user.id).status


@pytest.mark.parametrize("counter", [OPEN, REVEAL])
def test_many_at_once_get_exactly_the_cap(runtime, factory, counter):
    alert = factory.user("office")
    user = factory.user()
    actor = cap(factory, user, CAP, counter)
    start = threading.Barrier(AT_ONCE)

    def worker(_number):
        start.wait()
        return [opens(runtime, actor, new_id(), counter) for _ in range(ATTEMPTS // AT_ONCE)]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        granted = [granted for answers in pool.map(worker, range(AT_ONCE)) for granted in answers]
    assert len(granted) == ATTEMPTS
    assert sum(granted) == CAP
    assert state(runtime, user) == (CAP, CAP, "frozen")
    with runtime.database.system_session("look", write=False) as session:
        assert session.scalar(select(func.count()).select_from(Freeze)) == 1
        assert session.scalars(select(AuditEntry.actor_id).where(AuditEntry.action == "caps.freeze")).all() == [user.id]
        assert session.scalars(select(Notification.user_id)).all() == [alert.id]


def test_the_same_customer_at_once_counts_once(runtime, factory):
    user = factory.user()
    actor, customer_id = cap(factory, user, 1), new_id()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert all(pool.map(lambda _: opens(runtime, actor, customer_id), range(24)))
    assert state(runtime, user) == (1, 1, "active")


class Model:
    """What should be, in plain Python."""

    def __init__(self, number):
        self.cap, self.days, self.latest, self.active = number, {}, None, True

    def opens(self, day, customer_id):
        self.latest = max(day, self.latest or day)
        seen = self.days.setdefault(self.latest, set())
        if customer_id not in seen and len(seen) >= self.cap:
            self.active = False
            return False
        seen.add(customer_id)
        return True


@pytest.mark.usefixtures("runtime")
@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    number=st.integers(0, 4),
    steps=st.lists(st.tuples(st.integers(-25, 30), st.integers(0, 5)), min_size=1, max_size=16),
)
def test_any_story_of_openings_and_clocks_agrees_with_the_rules(runtime, number, steps):
    """A step is hours by which the clock moves, also backwards, and which of six customers is opened."""
    factory = Factory(runtime)
    user = factory.user(login=f"story{new_id().hex}")
    actor, model = cap(factory, user, number), Model(number)
    customers = [new_id() for _ in range(6)]
    moment = datetime(2026, 3, 2, 4, tzinfo=UTC)
    for hours, index in steps:
        moment += timedelta(hours=hours)
        with freeze(moment):
            expected = model.opens(today(), customers[index])
            assert opens(runtime, actor, customers[index]) is expected
        if not expected:
            break
    assert (state(runtime, user)[2] == "active") is model.active
    assert state(runtime, user)[1] == sum(len(seen) for seen in model.days.values())


def test_a_day_ends_at_the_organisations_midnight_and_never_comes_back(runtime, factory):
    user = factory.user()
    actor = cap(factory, user, 1)
    evening = datetime(2026, 3, 2, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai
    with freeze(evening):
        assert opens(runtime, actor, new_id())
    with freeze(evening + timedelta(minutes=2)):
        assert opens(runtime, actor, new_id())
    with freeze(evening - timedelta(hours=1)):  # a clock set back hands out no second quota
        assert not opens(runtime, actor, new_id())


def standing(runtime, user, counter=OPEN):
    from platform_core.caps.limits import standing_of

    with runtime.database.system_session("look", write=False) as session:
        return standing_of(session, user.id, today(), counter).limit


def test_the_default_a_roles_and_a_persons_cap(runtime, factory):
    user, boss = factory.user(), factory.actor(factory.user("security_admin"))
    assert (standing(runtime, user), standing(runtime, user, REVEAL)) == (150, 80)
    with runtime.database.system_session("look", write=False) as session:
        role = session.scalars(select(Role).where(Role.code == "coordinator")).one()
        finance = session.scalars(select(Role).where(Role.code == "finance")).one()
    with runtime.database.actor_session(boss) as session:
        caps.set_role(session, boss, role.id, {OPEN: 20})
    assert (standing(runtime, user), standing(runtime, user, REVEAL)) == (20, 80)
    factory.add(RoleCap(role_id=finance.id, counter=OPEN, cap=30))
    from platform_core.permissions import services as roles

    with runtime.database.system_session("test") as session:
        roles.assign_role(session, None, user.id, "finance")
    assert standing(runtime, user) == 30  # of several roles the highest
    with runtime.database.actor_session(boss) as session:
        caps.set_user(session, boss, user.id, {OPEN: 3})
    assert standing(runtime, user) == 3
    with runtime.database.actor_session(boss) as session:
        caps.set_user(session, boss, user.id, {OPEN: None})
    assert standing(runtime, user) == 30


def test_caps_are_decided_by_those_who_may_and_written_down(runtime, factory):
    user = factory.user()
    clerk = factory.actor(factory.user("office"))
    boss = factory.actor(factory.user("security_admin"))
    with runtime.database.actor_session(clerk) as session, pytest.raises(Forbidden):
        caps.set_user(session, clerk, user.id, {OPEN: 1000})
    with runtime.database.actor_session(boss) as session, pytest.raises(Forbidden):
        caps.set_user(session, boss, boss.user_id, {OPEN: 1000})
    with runtime.database.actor_session(boss) as session:
        caps.set_user(session, boss, user.id, caps.read({OPEN: " 12 ", REVEAL: ""}))
    with runtime.database.system_session("look", write=False) as session:
        row = session.scalars(select(AuditEntry).where(AuditEntry.action == "caps.set")).one()
        assert (row.entity_id, row.before, row.after) == (user.id, {OPEN: None}, {OPEN: 12})
    for typed in ("-1", "many", "1.5", "99999999999", "\u0663"):
        with pytest.raises(Invalid):
            caps.read({OPEN: typed})


def test_a_rolled_back_opening_is_not_counted(runtime, factory):
    user = factory.user()
    actor = cap(factory, user, 5)
    with runtime.database.actor_session(actor) as session:
        counting.count(session, actor, new_id())
        session.rollback()
    assert state(runtime, user) == (0, 0, "active")


def test_counting_takes_two_statements_for_a_new_customer_and_one_for_a_known_one(runtime, factory, count_queries):
    user = factory.user()
    actor, customer_id = cap(factory, user, 5), new_id()
    for most in (2, 1):
        with runtime.database.actor_session(actor) as session, count_queries(at_most=most):
            counting.count(session, actor, customer_id)
