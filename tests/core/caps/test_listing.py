"""Rows that lists and searches show: different ones count, their cap is exact, and beyond it nothing more is shown."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from platform_core.audit import services as audit
from platform_core.audit.models import AuditEntry
from platform_core.caps import listing, thawing
from platform_core.caps import settings as caps
from platform_core.caps.limits import LIST, standing_of
from platform_core.caps.models import Listed, UserCap
from platform_core.contracts.identity import Looker
from platform_core.kernel.clock import freeze, now, today
from platform_core.kernel.errors import Frozen
from platform_core.kernel.i18n import speaking
from platform_core.kernel.ids import new_id
from platform_core.users import notifications
from platform_core.users.models import Freeze, User


@pytest.fixture
def person(factory):
    return factory.user(name="Theo")


def cap(factory, user, number):
    factory.add(UserCap(user_id=user.id, counter=LIST, cap=number))
    return dataclasses.replace(factory.actor(user), via="page")


def shows(runtime, actor, ids, **line):
    """One page with these rows: whether it was shown."""
    try:
        with runtime.database.actor_session(actor) as session:
            audit.record(session, actor, "customers.list", ids=ids, **line)
    except Frozen:
        return False
    return True


def used(runtime, user):
    with runtime.database.system_session("look", write=False) as session:
        row = session.get(Listed, user.id)
        return row.number if row else 0


def look(runtime, statement):
    with runtime.database.system_session("look", write=False) as session:
        return list(session.scalars(statement))


def test_a_row_counts_once_a_day_and_only_where_somebody_sees_it(runtime, factory, person):
    actor, ids = cap(factory, person, 10), [new_id() for _ in range(6)]
    assert shows(runtime, actor, ids[:4])
    assert shows(runtime, actor, ids[:4])
    assert used(runtime, person) == 4
    assert shows(runtime, actor, ids[2:])
    assert used(runtime, person) == 6
    assert shows(runtime, dataclasses.replace(actor, via="job"), [new_id() for _ in range(50)])
    assert shows(runtime, actor, [new_id() for _ in range(50)], shown=False)  # rows of an act
    assert shows(runtime, actor, [new_id() for _ in range(50)], customer_id=new_id())  # its opening is counted
    assert used(runtime, person) == 6
    assert len(look(runtime, select(AuditEntry.id).where(AuditEntry.action == "customers.list"))) == 6


def test_the_same_rows_count_again_where_this_process_does_not_know_them(runtime, factory, person, monkeypatch):
    """Too many, never too few: what another process showed, and what memory had no room for."""
    actor, ids = cap(factory, person, 100), [new_id() for _ in range(6)]
    for kept in (listing.Memory(), listing.Memory(most=5)):
        monkeypatch.setattr(listing, "_memory", kept)
        shows(runtime, actor, ids)
        shows(runtime, actor, ids)
    assert used(runtime, person) == 6 + 2 * 6


def test_a_page_that_is_taken_back_was_not_shown(runtime, factory, person):
    actor, ids = cap(factory, person, 10), [new_id() for _ in range(3)]
    with runtime.database.actor_session(actor) as session:
        audit.record(session, actor, "customers.list", ids=ids)
        session.rollback()
    assert used(runtime, person) == 0
    assert shows(runtime, actor, ids)
    assert used(runtime, person) == 3


def test_one_more_freezes_tells_and_writes_it_down(runtime, factory, person):
    office = factory.user("office")
    actor = cap(factory, person, 10)
    assert shows(runtime, actor, [new_id() for _ in range(9)])
    assert not shows(runtime, actor, [new_id(), new_id()])
    assert used(runtime, person) == 9
    (row,) = look(runtime, select(Freeze))
    assert (row.user_id, row.rule, row.used, row.cap) == (person.id, LIST, 9, 10)
    (line,) = look(runtime, select(AuditEntry).where(AuditEntry.action == "caps.freeze"))
    assert line.after == {"status": "frozen", "rule": LIST, "used": 9, "cap": 10}
    with speaking("en"), runtime.database.system_session("look", write=False) as session:
        told = [item.text for item in notifications.page_of(session, factory.actor(office))]
    assert told == ["Theo was frozen: more than 10 rows of lists and searches on one day."]


def test_many_pages_at_once_never_show_more_than_the_cap(runtime, factory, person):
    actor = cap(factory, person, 55)
    pages = [[new_id() for _ in range(5)] for _ in range(24)]
    with ThreadPoolExecutor(8) as pool:
        granted = sum(pool.map(lambda ids: shows(runtime, actor, ids), pages))
    assert granted == 11
    assert used(runtime, person) == 55
    assert look(runtime, select(User.status).where(User.id == person.id)) == ["frozen"]
    assert len(look(runtime, select(Freeze))) == 1


def test_from_80_percent_on_a_notification_warns_once(runtime, factory, person):
    actor = cap(factory, person, 10)
    for _ in range(10):
        assert shows(runtime, actor, [new_id()])
    with speaking("en"), runtime.database.system_session("look", write=False) as session:
        told = [item.text for item in notifications.page_of(session, actor)]
    assert told == ["Lists have shown you 8 different rows today; 10 are allowed. More freeze your account."]


def test_a_day_ends_and_never_comes_back(runtime, factory, person):
    actor = cap(factory, person, 2)
    evening = datetime(2026, 3, 2, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai
    with freeze(evening):
        assert shows(runtime, actor, [new_id(), new_id()])
    with freeze(evening + timedelta(minutes=2)):
        assert shows(runtime, actor, [new_id(), new_id()])
        assert used(runtime, person) == 2
    with freeze(evening - timedelta(hours=25)):  # a clock set back hands out no second quota
        assert not shows(runtime, actor, [new_id()])


def test_a_changed_cap_holds_from_the_next_page_on(runtime, factory, browser):
    user, boss = factory.user(), factory.actor(factory.user("security_admin"))
    for number in range(4):
        factory.customer(user, name=f"Willow {number}")
    signed_in = browser.sign_in(user)
    assert "Willow 3" in signed_in.get("/customers").text
    assert used(runtime, user) == 4
    with runtime.database.actor_session(boss) as session:
        caps.set_user(session, boss, user.id, {LIST: 4})
    assert signed_in.get("/customers").status_code == 200
    factory.customer(user, name="Willow 4")
    refused = signed_in.get("/customers")
    assert refused.status_code == 403
    assert "Willow" not in refused.text
    assert "more than the 4 rows" in refused.text
    assert "daily cap of 4 rows of lists" in signed_in.get("/").text


def test_who_looks_as_somebody_else_is_shown_rows_themselves(runtime, factory, person):
    looker = factory.user("management")
    there = Looker(cap(factory, looker, 5), now() + timedelta(hours=1), 0)
    through = dataclasses.replace(cap(factory, person, 1), seen_by=there)
    assert shows(runtime, through, [new_id() for _ in range(5)])
    assert (used(runtime, person), used(runtime, looker)) == (0, 5)


def test_after_unfreezing_further_rows_are_shown(runtime, factory, person):
    clerk = factory.actor(factory.user("office"))
    actor = cap(factory, person, 3)
    assert not shows(runtime, actor, [new_id() for _ in range(4)])
    with runtime.database.actor_session(clerk) as session:
        thawing.unfreeze(session, clerk, person.id, thawing.UnfreezeInput(reason="busy day", extra=2))
    assert shows(runtime, actor, [new_id() for _ in range(5)])
    assert not shows(runtime, actor, [new_id()])
    with runtime.database.system_session("look", write=False) as session:
        standing = standing_of(session, person.id, today(), LIST)
    assert (standing.used, standing.limit) == (5, 5)


def test_what_counting_costs(runtime, factory, person, count_queries):
    """PostgreSQL counts with the statement that writes the line; SQLite needs one of its own, and no network for it."""
    actor, ids = cap(factory, person, 100), [new_id() for _ in range(5)]
    more = 1 if runtime.database.is_sqlite else 0
    for page, most in ((ids[:2], 1 + 2 * more), (ids, 1 + more), (ids, 1)):  # the first reads the cap as well
        with runtime.database.actor_session(actor) as session, count_queries(at_most=most):
            audit.record(session, actor, "customers.list", ids=page)
    assert used(runtime, person) == 5
