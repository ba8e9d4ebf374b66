"""A house of two branches: sales with two groups below it, training beside it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from platform_core.customers.transfer import drafts, services
from platform_core.kernel.i18n import speaking


@pytest.fixture(autouse=True)
def in_english():
    with speaking("en"):
        yield


@pytest.fixture
def house(factory):
    company = factory.department("Company")
    sales = factory.department("Sales", company)
    north, south = factory.department("North", sales), factory.department("South", sales)
    training = factory.department("Training", company)
    return SimpleNamespace(
        company=company, sales=sales, north=north, south=south, training=training,
        head=factory.user("department_head", sales, name="Hanna"),
        anna=factory.user("coordinator", north, name="Anna"),
        ben=factory.user("coordinator", north, name="Ben"),
        carl=factory.user("coordinator", south, name="Carl"),
        tom=factory.user("coordinator", training, name="Tom"),
        boss=factory.user("management", company, name="Max"),
    )  # fmt: skip


@pytest.fixture
def give(runtime, factory):
    """Draft, choose and confirm, each in a transaction of its own; returns the transfer as it is then."""

    def act(by, customers, to, reason="a new split", kind="list"):
        actor = factory.actor(by)
        with runtime.database.actor_session(actor) as session:
            key = drafts.begin(session, actor, [item.id for item in customers], kind).id
        with runtime.database.actor_session(actor) as session:
            choice = to if isinstance(to, str) else f"person:{to.id}"
            drafts.choose(session, actor, key, {drafts.EVERYTHING: choice})
        with runtime.database.actor_session(actor) as session:
            return services.confirm(session, actor, key, reason)

    return act


@pytest.fixture
def general(runtime):
    """Give a preset role the right to transfer from one branch to another."""
    from sqlalchemy import select

    from platform_core.contracts.identity import Scope
    from platform_core.customers.transfer.rules import GENERAL
    from platform_core.kernel import counters
    from platform_core.permissions.actors import COUNTER
    from platform_core.permissions.models import Role, RoleGrant

    def grant(code):
        with runtime.database.system_session("a right of its own") as session:
            role_id = session.scalars(select(Role.id).where(Role.code == code)).one()
            session.add(RoleGrant(role_id=role_id, permission=GENERAL, scope=Scope.ALL))
            counters.bump(session, COUNTER)

    return grant
