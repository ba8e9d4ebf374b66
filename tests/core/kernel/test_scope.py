"""The scope guard: every way to reach a protected row is either scoped or refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    MetaData,
    Table,
    column,
    delete,
    exists,
    func,
    insert,
    literal_column,
    select,
    table,
    text,
    union_all,
    update,
)
from sqlalchemy.orm import DeclarativeBase, Session, aliased

from platform_core.app import Runtime
from platform_core.contracts.identity import Actor
from platform_core.customers.models import Address, Contact, Customer
from platform_core.kernel import protected, scope
from platform_core.kernel.ids import new_id
from platform_core.kernel.scope import ScopeViolation
from platform_core.testing.factories import Factory
from platform_core.users.models import Department

OTHER = aliased(Customer)
TABLE = Customer.__table__
ALIAS = TABLE.alias()
CTE = select(Customer.id).cte()
INNER = select(Customer.id).subquery()


@pytest.fixture
def actor(factory: Factory) -> Actor:
    """Owns three of six customers, each with an address and a contact; the other three are a stranger's."""
    department = factory.department()
    mine, theirs = factory.user(department=department), factory.user(department=department)
    for owner in (mine, theirs):
        for _ in range(3):
            customer = factory.customer(owner)
            factory.add(Address(customer_id=customer.id, city="x"), Contact(customer_id=customer.id, name="x"))
    return factory.actor(mine)


def rows(statement: Any) -> Callable[[Session], int]:
    return lambda session: len(session.execute(statement).all())


def scalar(statement: Any) -> Callable[[Session], int]:
    return lambda session: session.scalar(statement) or 0


SCOPED: dict[str, Callable[[Session], int]] = {
    "columns": rows(select(Customer.id)),
    "entities": rows(select(Customer)),
    "aliased": rows(select(OTHER.id)),
    "count": scalar(select(func.count()).select_from(Customer)),
    "child": rows(select(Address.id)),
    "contact": rows(select(Contact.id)),
    "join": rows(select(Address.id).join(Customer, Customer.id == Address.customer_id)),
    "exists": rows(select(Address.id).where(exists().where(Customer.id == Address.customer_id))),
    "in subquery": rows(select(Address.id).where(Address.customer_id.in_(select(Customer.id)))),
    "scalar subquery": scalar(select(select(func.count(Customer.id)).scalar_subquery())),
    "cte": rows(select(CTE.c.id)),
    "subquery": rows(select(INNER.c.id)),
    "update": lambda session: session.execute(update(Customer).values(city="y")).rowcount,  # type: ignore[attr-defined]
    "delete": lambda session: session.execute(delete(Address)).rowcount,  # type: ignore[attr-defined]
}


@pytest.mark.parametrize("name", SCOPED)
def test_orm_statements_see_only_the_actors_rows(runtime: Runtime, actor: Actor, name: str) -> None:
    with runtime.database.actor_session(actor) as session:
        assert SCOPED[name](session) == 3


def test_union_sees_only_the_actors_rows(runtime: Runtime, actor: Actor) -> None:
    statement = union_all(select(Customer.id), select(Customer.id))
    with runtime.database.actor_session(actor) as session:
        try:
            found = len(session.execute(statement).all())
        except ScopeViolation:
            return
        assert found == 6


class Stray(DeclarativeBase):
    """What a plugin might map beside the policies."""


class Disguised(Stray):
    __table__ = TABLE


class DisguisedAlias(Stray):
    __table__ = TABLE.alias()


class Heir(Address):
    """A subclass that nobody protected."""


DOUBLE = Table("customers_customer", MetaData(), Column("id"), Column("name"))
LIGHT = table("customers_customer", column("name"))

REFUSED: dict[str, Any] = {
    "a class of one's own": select(Disguised),
    "a class of one's own beside the entity": select(Disguised.name).join(Customer, Customer.id == Disguised.id),
    "a class over an alias": select(DisguisedAlias.name),
    "a table object of the same name": select(DOUBLE.c.name),
    "its alias beside an entity": select(Address.id, DOUBLE.alias().c.name),
    "a light table": select(Address.id, LIGHT.c.name),
    "a text among columns": select(Address.id, text("(select name from customers_customer)")),
    "a literal column": select(Address.id, literal_column('(select name from "customers_customer")')),
    "a text alone": select(text("name from customers_customer")),
    "a text as condition": select(Address.id).where(text("exists (select 1 from Customers_Customer)")),
    "core table": select(TABLE),
    "core column": select(TABLE.c.id),
    "core table beside an entity": select(Address.id, TABLE.c.name).join(TABLE, TABLE.c.id == Address.customer_id),
    "core alias": select(Address.id, ALIAS.c.name).join(ALIAS, ALIAS.c.id == Address.customer_id),
    "raw SQL": text("select id from customers_customer"),
    "entities from raw SQL": select(Customer).from_statement(text("select * from customers_customer")),
    "insert from select": insert(Address).from_select(["customer_id"], select(Customer.id)),
    "insert of what is read": insert(Address.__table__).values(city=select(TABLE.c.name).limit(1).scalar_subquery()),
    "one of several inserts": insert(Address.__table__).values(
        [{"city": "a"}, {"city": select(TABLE.c.name).limit(1).scalar_subquery()}]
    ),
    "insert into a table object of the same name": insert(DOUBLE).values(name="a"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_statements_without_proof_are_refused(runtime: Runtime, actor: Actor, name: str) -> None:
    with runtime.database.session_for(actor) as session, pytest.raises(ScopeViolation):
        session.execute(REFUSED[name])


def test_a_statement_that_was_harmless_is_looked_at_again_once_a_policy_comes(runtime: Runtime, actor: Actor) -> None:
    department = Department.__table__
    statement = select(department.c.name)
    with runtime.database.session_for(actor) as session:
        for _time in range(2):
            session.execute(statement)
        protected.protect(Department, Nobody())
        try:
            with pytest.raises(ScopeViolation):
                session.execute(statement)
        finally:
            protected.unprotect(Department)


def test_a_subclass_keeps_the_policy(runtime: Runtime, actor: Actor) -> None:
    with runtime.database.actor_session(actor) as session:
        assert len(session.scalars(select(Heir)).all()) == 3


class Nobody:
    def predicate(self, actor: Actor) -> Any:
        return scope.nothing()


class Everything:
    def predicate(self, actor: Actor) -> None:
        return None


def widen_by_replacing() -> None:
    protected.policies[Customer] = Everything()


def widen_by_patching() -> None:
    type(protected.policies[Customer]).predicate = Everything.predicate


def widen_by_forgetting() -> None:
    del protected.class_of_table[TABLE]


@pytest.mark.parametrize("widen", [widen_by_replacing, widen_by_patching, widen_by_forgetting])
def test_a_replaced_policy_is_noticed_and_put_back(runtime: Runtime, actor: Actor, widen: Callable[[], None]) -> None:
    assert scope.mend() == []
    widen()
    assert scope.mend() == ["Customer"]
    assert scope.mend() == []
    with runtime.database.actor_session(actor) as session:
        assert len(session.scalars(select(Customer)).all()) == 3
    with runtime.database.session_for(actor) as session, pytest.raises(ScopeViolation):
        session.execute(select(TABLE))


def test_the_sessions_connection_is_guarded(runtime: Runtime, actor: Actor) -> None:
    with runtime.database.session_for(actor) as session, pytest.raises(ScopeViolation):
        session.connection().execute(select(Customer))


def test_bulk_update_by_primary_key_is_refused(runtime: Runtime, actor: Actor) -> None:
    with runtime.database.session_for(actor) as session, pytest.raises(ScopeViolation):
        session.execute(update(Customer), [{"id": new_id(), "version": 1, "name": "stolen"}])


def test_a_session_without_actor_reaches_nothing(runtime: Runtime) -> None:
    with runtime.database.open_session() as session, pytest.raises(ScopeViolation):
        session.execute(select(Customer.id))


def test_get_and_refresh_stay_in_scope(runtime: Runtime, factory: Factory) -> None:
    department = factory.department()
    me, other = factory.user(department=department), factory.user(department=department)
    mine, foreign = factory.customer(me), factory.customer(other)
    with runtime.database.actor_session(factory.actor(me)) as session:
        assert session.get(Customer, foreign.id) is None
        kept = session.get_one(Customer, mine.id)
        session.refresh(kept)
        assert kept.id == mine.id


def test_rows_loaded_in_scope_can_be_changed(runtime: Runtime, factory: Factory) -> None:
    me = factory.user(department=factory.department())
    customer = factory.customer(me)
    with runtime.database.actor_session(factory.actor(me)) as session:
        session.get_one(Customer, customer.id).city = "Shanghai"
    changed = factory.read(Customer, customer.id)
    assert changed is not None
    assert changed.city == "Shanghai"


def test_an_actor_without_the_permission_sees_nothing(runtime: Runtime, factory: Factory) -> None:
    owner = factory.user(department=factory.department())
    factory.customer(owner)
    nobody = factory.actor(factory.user(role=""))
    with runtime.database.actor_session(nobody) as session:
        assert session.scalar(select(func.count()).select_from(Customer)) == 0


def test_a_customer_in_the_bin_is_nobodys(runtime: Runtime, factory: Factory) -> None:
    owner = factory.user("management", factory.department())
    customer = factory.customer(owner)
    with runtime.database.system_session("test") as session:
        session.get_one(Customer, customer.id).deleted_at = customer.created_at
    with runtime.database.actor_session(factory.actor(owner)) as session:
        assert session.get(Customer, customer.id) is None
