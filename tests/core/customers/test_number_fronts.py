"""Customers are found by what masks of their numbers show at the front, whatever becomes of the numbers."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from platform_core import install
from platform_core.app import Runtime
from platform_core.customers import contacts, merging, searching, services, unmerging
from platform_core.customers.forms import ContactInput, CustomerInput, CustomerPatch
from platform_core.customers.models import ContactPoint
from platform_core.customers.searchmodel import SearchRow
from platform_core.kernel.searchtokens import index_tokens
from platform_core.testing.factories import Factory
from platform_core.testing.pytest_plugin import make_settings
from tests.core.revisions import downgrade, upgrade


@pytest.fixture
def actor(factory):
    return factory.actor(factory.user("management", factory.department()))


@pytest.fixture
def acting(runtime, actor):
    with runtime.database.session_for(actor) as session, session.begin():
        yield session


@pytest.fixture
def found(acting, actor):
    """Of these beginnings those under which a name is found."""

    def found(name, *fronts):
        acting.flush()
        return [front for front in fronts if searching.find(acting, actor, f"{name} {front}").rows]

    return found


def test_the_index_follows_the_numbers(acting, actor, found):
    customer = services.create(acting, actor, CustomerInput(name="甲公司", contact_name="张海涛", phone="13800006021"))
    assert found("甲公司", "138", "139", "137") == ["138"]
    second = contacts.create(acting, actor, ContactInput(name="李梅", customer_id=customer.id, phone="13911112222"))
    services.update(acting, actor, customer.id, CustomerPatch(phone="13700001111"))
    assert found("甲公司", "138", "139", "137") == ["138", "139", "137"]
    contacts.remove(acting, actor, second.id)
    assert found("甲公司", "138", "139", "137") == ["138", "137"]
    point = acting.scalars(select(ContactPoint).where(ContactPoint.mask.startswith("137"))).one()
    contacts.remove_point(acting, actor, customer.id, point.id)
    assert found("甲公司", "138", "139", "137") == ["138"]
    alone = contacts.create(acting, actor, ContactInput(name="赵敏", phone="0532-88881234"))
    contacts.attach(acting, actor, alone.id, customer.id)
    assert found("甲公司", "138", "0532") == ["138", "0532"]


def test_merged_they_are_found_together_and_apart_again_afterwards(acting, actor, found):
    keep, other = (
        services.create(acting, actor, CustomerInput(name=name, phone=phone))
        for name, phone in (("甲公司", "13800006021"), ("乙公司", "13911112222"))
    )
    acting.flush()
    done = merging.merge(acting, actor, keep.id, other.id)
    assert found("甲公司", "138", "139") == ["138", "139"]
    unmerging.unmerge(acting, actor, done.id)
    assert found("甲公司", "138", "139") == ["138"]
    assert found("乙公司", "138", "139") == ["139"]


def test_numbers_of_before_are_taken_into_the_index(empty_database, tmp_path):
    runtime = Runtime(make_settings(empty_database, tmp_path))
    runtime.migrate()
    install.seed(runtime)
    factory = Factory(runtime)
    actor = factory.actor(factory.user("management", factory.department()))
    given = {
        "甲公司": "13800006021 / 139 1111 2222",
        "乙公司": "",
        "丙公司": "0532-88881234",
        "丁公司": "+49 30 1234567",
    }
    with runtime.database.actor_session(actor) as session:
        for name, phone in given.items():
            made = services.create(session, actor, CustomerInput(name=name, phone=phone, email="13@example.com"))
            session.flush()
            old = update(SearchRow).where(SearchRow.customer_id == made.id)
            session.execute(old.values(tokens=sorted(index_tokens(name))))  # as the program before wrote it
    look = [f"{name} {front}" for name in given for front in ("138", "139", "0532", "13", "49")]
    with runtime.database.actor_session(actor) as session:
        assert [words for words in look if searching.find(session, actor, words).rows] == []
    downgrade(runtime, "core_0049")
    upgrade(runtime, "core_0050")
    with runtime.database.actor_session(actor) as session:
        seen = [words for words in look if searching.find(session, actor, words).rows]
        assert seen == ["甲公司 138", "甲公司 139", "丙公司 0532"]
        made = services.create(session, actor, CustomerInput(name="戊公司", phone="13700001111"))
        session.flush()
        assert searching.find(session, actor, "戊公司 137").rows[0].id == made.id
        services.update(session, actor, made.id, CustomerPatch(name="己公司"))
        session.flush()
        assert not searching.find(session, actor, "戊公司").rows
