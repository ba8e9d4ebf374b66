"""SELECTs of columns without the ORM: the same rows, and the guard's no where nothing proves that policies are inside."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event, exists, func, select
from sqlalchemy.orm import Bundle, ORMExecuteState, Session, aliased, load_only, with_loader_criteria

from platform_core.app import Runtime
from platform_core.customers.models import Contact, Customer
from platform_core.kernel.columns import of_columns
from platform_core.kernel.scope import ScopeViolation, proven, visible
from platform_core.testing.factories import Factory
from platform_core.users.models import Department, User

BOSS = aliased(User)
INNER = select(Customer.owner_id, func.count().label("number")).group_by(Customer.owner_id).subquery()
STATEMENTS = {
    "joined": select(User.id, User.name, Department.name.label("place")).join(
        Department, Department.id == User.department_id
    ),
    "outer": select(User.name, BOSS.name.label("other")).outerjoin(BOSS, BOSS.id != User.id),
    "grouped": select(User.name, INNER.c.number).join(INNER, INNER.c.owner_id == User.id),
    "correlated": select(User.id).where(exists().where(Customer.owner_id == User.id)),
    "counted": select(func.count()).select_from(select(Customer.id).limit(2).subquery()),
    "types": select(Customer.id, Customer.created_at, Customer.owner_id, Customer.name.label("sort_value")),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_the_rows_are_the_same_and_the_orm_does_not_look(runtime: Runtime, factory: Factory, name: str) -> None:
    for _ in range(2):
        factory.customer(factory.user(department=factory.department()))
    statement, seen = STATEMENTS[name], []
    core = of_columns(statement)

    def note(state: ORMExecuteState) -> None:
        seen.append(state.is_orm_statement)

    with runtime.database.system_session("test", write=False) as session:
        event.listen(session, "do_orm_execute", note)
        rows = [sorted(map(repr, session.execute(one).all())) for one in (statement, core)]
    assert rows[0] == rows[1] != []
    assert [str(row) for row in seen] == ["True", "False"]
    assert [found["name"] for found in core.column_descriptions] == [
        found["name"] for found in statement.column_descriptions
    ]


@pytest.mark.parametrize(
    "statement",
    [
        select(Customer),
        select(Customer.id, BOSS),
        select(Bundle("pair", Customer.id, Customer.name)),
        select(Customer.id).options(with_loader_criteria(Customer, Customer.name == "x")),
        select(Customer).options(load_only(Customer.name)),
    ],
    ids=["entity", "alias", "bundle", "criteria", "options"],
)
def test_what_needs_the_orm_stays_with_it(statement: Any) -> None:
    assert of_columns(statement) is statement


def test_what_is_of_core_already_stays_as_it_is(runtime: Runtime, factory: Factory) -> None:
    factory.user()
    statement = select(func.max(User.__table__.c.name))
    with runtime.database.system_session("test", write=False) as session:
        assert session.scalar(of_columns(statement)) == session.scalar(statement) is not None


def test_without_proof_it_is_refused_and_with_it_it_goes_by_its_own_policy(runtime: Runtime, factory: Factory) -> None:
    user = factory.user()
    mine, _other = factory.customer(user), factory.customer(factory.user())
    actor = factory.actor(user)
    names = select(Customer.name)

    def read(session: Session, statement: Any) -> list[str]:
        return list(session.scalars(statement))

    with runtime.database.actor_session(actor) as session:
        for statement in (
            names,
            select(Contact.id),
            select(User.id).where(exists().where(Customer.owner_id == User.id)),
        ):
            with pytest.raises(ScopeViolation):
                read(session, of_columns(statement))
        policy = visible(Customer, actor)
        assert policy is not None
        assert read(session, of_columns(names.where(policy).execution_options(**proven("test")))) == [mine.name]
