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
from platform_core.caps import counting, thawing
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

    def __init__(self):
        self.caps, self.extra, self.seen, self.waiting = {OPEN: 2, REVEAL: 2}, {}, {}, None

    def day_of(self, day):
        return max([day, *(day for day, _counter in self.seen)])

    def opens(self, day, counter, customer_id):
        key = self.day_of(day), counter
        seen = self.seen.get(key, set())
        if customer_id not in seen and len(seen) >= self.caps[counter] + self.extra.get(key, 0):
            self.waiting = key
            return False
        self.seen[key] = seen | {customer_id}
        return True

    def thaws(self, extra):
        self.extra[self.waiting] = self.extra.get(self.waiting, 0) + extra
        self.waiting = None


STEPS = st.one_of(
    st.tuples(st.sampled_from([OPEN, REVEAL]), st.integers(0, 5)),
    st.tuples(st.just("clock"), st.integers(-25, 30)),
    st.tuples(st.just("cap"), st.tuples(st.sampled_from([OPEN, REVEAL]), st.integers(0, 4))),
    st.tuples(st.just("thaw"), st.integers(0, 2)),
)


@pytest.mark.usefixtures("runtime")
@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=6, max_size=24))
def test_any_story_of_openings_clocks_caps_and_decisions_agrees_with_the_rules(runtime, steps):
    """Six customers are opened and revealed, the clock moves by hours, caps change, somebody unfreezes."""
    factory, model = Factory(runtime), Model()
    user, office, security = (
        factory.user(role, login=f"{role}{new_id().hex}") for role in ("coordinator", "office", "security_admin")
    )
    actor, boss, admin = map(factory.actor, (user, office, security))
    customers = [new_id() for _ in range(6)]
    with runtime.database.actor_session(admin) as session:
        caps.set_user(session, admin, user.id, model.caps)
    moment = datetime(2026, 3, 2, 4, tzinfo=UTC)
    for act, value in steps:
        with freeze(moment):
            if act == "clock":
                moment += timedelta(hours=value)
            elif act == "cap":
                model.caps[value[0]] = value[1]
                with runtime.database.actor_session(admin) as session:
                    caps.set_user(session, admin, user.id, {value[0]: value[1]})
            elif act == "thaw" and model.waiting:
                with runtime.database.actor_session(boss) as session:
                    thawing.unfreeze(session, boss, user.id, thawing.UnfreezeInput(reason="a long list", extra=value))
                model.thaws(value)
            elif act in model.caps and not model.waiting:
                expected = model.opens(today(), act, customers[value])
                assert opens(runtime, actor, customers[value], act) is expected
        _used, kept, status = state(runtime, user)
        assert (status == "frozen") is (model.waiting is not None)
        assert kept == sum(len(seen) for seen in model.seen.values())


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
