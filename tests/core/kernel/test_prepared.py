"""Conditions and statements that are written once for a kind of actor: nobody reads with another's ids."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import bindparam, func, select, true
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session, foreign, registry, relationship

from platform_core.app import Runtime
from platform_core.contracts.identity import Actor
from platform_core.customers.models import Customer
from platform_core.kernel import scope
from platform_core.kernel.clock import freeze, now
from platform_core.kernel.idlists import NamedIds, among
from platform_core.kernel.ids import new_id
from platform_core.kernel.readers import reading
from platform_core.kernel.scope import AnySelect, prepared, proven, readable, visible
from platform_core.permissions.models import Access
from platform_core.testing.factories import Factory
from platform_core.users.models import User

COUNT = select(func.count()).select_from(Customer)


@prepared
def _names(reader: Actor, is_newest_first: bool) -> AnySelect:
    order = Customer.created_at.desc() if is_newest_first else Customer.created_at
    return select(Customer.name).where(Customer.kind == bindparam("kind")).order_by(order)


@prepared
def _counted(reader: Actor) -> AnySelect:
    mine = visible(Customer, reader)
    rows = select(func.count()).select_from(Customer).where(true() if mine is None else mine)
    return rows.execution_options(**proven("carries the policy"))


def names(session: Session, *variant: Any) -> set[str]:
    return set(session.scalars(_names(session, *variant), {"kind": "organisation"}))


def test_actors_of_one_kind_share_the_statement_and_not_the_rows(runtime: Runtime, factory: Factory) -> None:
    department = factory.department()
    users = [factory.user(department=department) for _ in range(3)]
    owned = {user.id: {factory.customer(user).name for _ in range(2)} for user in users}
    for _ in range(2):
        for user in users:
            with runtime.database.actor_session(factory.actor(user)) as session:
                assert names(session, True) == names(session, False) == owned[user.id]
                assert session.scalar(_counted(session)) == session.scalar(COUNT) == 2
    sessions = [runtime.database.session_for(factory.actor(user)) for user in users]
    assert len({id(_names(session, True)) for session in sessions}) == 1
    assert len({id(_names(sessions[0], variant)) for variant in (True, False)}) == 2


def test_another_kind_has_a_statement_of_its_own(runtime: Runtime, factory: Factory) -> None:
    department = factory.department()
    clerk, manager = factory.user(department=department), factory.user("management", department)
    factory.customer(clerk)
    factory.customer()
    seen = {}
    for user in (clerk, manager):
        with runtime.database.actor_session(factory.actor(user)) as session:
            seen[user.id] = (len(names(session, True)), session.scalar(_counted(session)))
    assert seen == {clerk.id: (1, 1), manager.id: (2, 2)}


def test_the_system_reads_everything(runtime: Runtime, factory: Factory) -> None:
    factory.customer()
    with runtime.database.system_session("test") as session:
        assert session.scalar(_counted(session)) == len(names(session, True)) == 1


def test_nothing_but_the_sessions_own_execution_knows_the_ids(runtime: Runtime, factory: Factory) -> None:
    actor = factory.actor(factory.user(department=factory.department()))
    with runtime.database.session_for(actor) as session:
        statement, condition = _counted(session), readable(session, Customer)
        assert condition is not None
        with pytest.raises(StatementError):
            session.connection().execute(statement)
    with runtime.database.system_session("test") as session, pytest.raises(StatementError):
        session.execute(COUNT.where(condition))


def test_access_that_has_ended_meanwhile_is_ended(runtime: Runtime, factory: Factory) -> None:
    """The moment is that of the execution, not that of writing the condition."""
    me = factory.user(department=factory.department())
    customer = factory.customer()
    factory.add(
        Access(
            kind="member", user_id=me.id, customer_id=customer.id, engagement_id=new_id(), since=now(),
            until=now() + timedelta(hours=1), may_write=False,
        )
    )  # fmt: skip
    actor = factory.actor(me)
    with runtime.database.actor_session(actor, write=False) as session:
        assert session.scalar(_counted(session)) == 1
    with freeze(now() + timedelta(hours=2)), runtime.database.actor_session(actor, write=False) as session:
        assert session.scalar(_counted(session)) == session.scalar(COUNT) == 0


def test_a_policy_that_is_not_written_by_kind_is_asked_for_each_session(
    runtime: Runtime, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Namesakes:
        def predicate(self, actor: Actor) -> Any:
            return Customer.name == actor.name

    department = factory.department()
    users = [factory.user(department=department, name=name) for name in ("A", "B")]
    for user in users:
        factory.customer(name=user.name)
    original = scope.policy_of(Customer)
    try:
        scope.unprotect(Customer)
        scope.protect(Customer, Namesakes())
        for user in users:
            with runtime.database.actor_session(factory.actor(user)) as session:
                assert names(session, True) == {user.name}
                with pytest.raises(TypeError, match="by kind"):
                    _counted(session)
    finally:
        scope.unprotect(Customer)
        scope.protect(Customer, original)


def test_a_row_that_may_be_missing_stays_out_of_where(runtime: Runtime, factory: Factory) -> None:
    """In WHERE the policy of an outer joined customer would drop whoever has none to be seen."""
    department = factory.department()
    me, other = factory.user(department=department), factory.user(department=department)
    factory.customer(me)
    factory.customer(other)
    pairs = select(User.id, Customer.id).outerjoin(Customer, Customer.owner_id == User.id)
    with runtime.database.actor_session(factory.actor(me)) as session:
        found = dict(session.execute(pairs.where(User.department_id == department.id)).all())
    assert found[me.id] is not None
    assert found[other.id] is None


class Person:
    """A class of somebody's own over the people, with the customers they own."""

    id: UUID
    owned: list[Customer]


@prepared
def _people(reader: Actor) -> AnySelect:
    return select(Person).where(among(Person.id, NamedIds("ids")))


def test_what_relationships_bring_along_is_scoped_too(runtime: Runtime, factory: Factory) -> None:
    department = factory.department()
    users = [factory.user(department=department) for _ in range(2)]
    for user in users:
        factory.customer(user)
    people, customers = User.__table__, Customer.__table__
    theirs = relationship(
        Customer, primaryjoin=people.c.id == foreign(customers.c.owner_id), viewonly=True, lazy="joined"
    )
    own = registry()
    own.map_imperatively(Person, people, properties={"owned": theirs})
    try:
        for user in users:
            with runtime.database.actor_session(factory.actor(user)) as session:
                found = session.scalars(_people(session), {"ids": [item.id for item in users]}).unique()
                numbers = {person.id: len(person.owned) for person in found}
                assert numbers == {item.id: int(item is user) for item in users}
    finally:
        own.dispose()


def test_named_ids_do_not_pass_for_ids(factory: Factory) -> None:
    """What somebody bakes into a shared condition would be everybody's."""
    actor = factory.actor(factory.user(department=factory.department()))
    ids = reading(actor).reader().department_ids
    assert isinstance(ids, NamedIds)
    assert ids
    for misuse in (list, len, lambda ids: new_id() in ids):
        with pytest.raises(TypeError, match="among"):
            misuse(ids)
    assert "reader_department_ids" in among(Customer.department_id, ids).compile(dialect=sqlite.dialect()).params
