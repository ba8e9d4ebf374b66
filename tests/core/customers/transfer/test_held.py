"""Whoever holds something is found: every foreign key to people says what becomes of its rows."""

from __future__ import annotations

from baton_plugins.activities.models import Plan
from baton_plugins.activities.references import PEOPLE
from sqlalchemy import MetaData, Table, select

from platform_core.customers.held import DECLARED
from platform_core.customers.leaving import inventory
from platform_core.customers.transfer import passing
from platform_core.customers.transfer.rules import Person
from platform_core.kernel.clock import now
from platform_core.kernel.model import METADATA
from platform_core.kernel.models import OwnerRecord
from platform_core.plugins.asking import hooks_of
from platform_core.plugins.catalogue import stored_holding
from platform_core.plugins.holdings import Holding, holdings
from platform_core.users import sessions
from platform_core.users.models import User


def test_every_column_that_points_to_people_is_declared(runtime):
    declared = {
        (str(item.value.model.__table__.name), item.value.column)
        for item in runtime.manager.declared.user_references.installed()
    }
    real = {
        (table.name, key.parent.name)
        for table in METADATA.sorted_tables
        for key in table.foreign_keys
        if key.target_fullname == "users_user.id"
    }
    assert real - declared == set()
    assert ("activities_plan", "assignee_id") in real


def test_declarations_outlive_their_plugin(runtime):
    """What a plugin's people hold is known by what the database has kept of its declarations."""
    with runtime.database.system_session("what a test reads") as session:
        row = session.scalars(select(OwnerRecord).where(OwnerRecord.name == "activities")).one()
        kept = {(item["table"], item["column"], item["on_leave"]) for item in row.content["holdings"]}
        assert kept >= {("activities_plan", "assignee_id", "move"), ("activities_follow_up", "author_id", "keep")}
        own = dict(row.content)
        row.content = {
            **own,
            "holdings": [{**own["holdings"][0], "column": "created_by", "label": {"en": "Old plans"}}],
        }
        session.flush()
        found = {item.key: item for item in holdings(session, hooks_of(session))}
        session.rollback()
    assert found["activities_plan.created_by"].label == "Old plans"
    assert found["activities_plan.created_by"].code is None
    assert found["activities_plan.assignee_id"].code is not None


def test_rows_of_a_plugin_whose_package_is_gone_pass_on_and_come_back(runtime, factory, house):
    """Its table is only known as the database describes it; on SQLite ids are texts there."""
    customer = factory.customer(house.anna)
    plan = {"customer_id": customer.id, "department_id": house.north.id, "due_at": now()}
    factory.add(
        Plan(assignee_id=house.anna.id, subject="call", **plan),
        Plan(assignee_id=house.anna.id, subject="was", state="done", **plan),
    )
    actor = factory.actor(house.head)
    with runtime.database.system_session("what an absent plugin left") as session:
        reflected = MetaData()
        tables = {
            name: Table(name, reflected, autoload_with=session.connection())
            for name in ("activities_plan", "users_api_token")
        }
        declared = {str(item.model.__table__.name): item for item in [*PEOPLE, *DECLARED] if item.on_leave != "keep"}
        kept = {name: stored_holding(declared[name]) for name in tables}
        plans = Holding("activities", "Activities", tables["activities_plan"], kept["activities_plan"])
        tokens = Holding("users", "Users", tables["users_api_token"], kept["users_api_token"])
        sessions.create_api_token(session, session.get_one(User, house.anna.id), "test")
        session.flush()
        found = {
            item.key: (item.department_id, item.count) for item in inventory.of(session, house.anna.id, [plans, tokens])
        }
        assert found == {"activities_plan.assignee_id": (house.north.id, 1), "users_api_token.user_id": (None, 1)}
        carl = Person(house.carl.id, "Carl", house.south.id)
        along = passing.pass_on(session, actor, [plans], [customer.id], house.anna.id, carl)
        assert _plans(session) == {"call": (house.carl.id, house.south.id), "was": (house.anna.id, house.north.id)}
        passing.give_back(session, actor, [plans], along[customer.id], house.carl.id, house.anna.id)
        assert _plans(session) == dict.fromkeys(("call", "was"), (house.anna.id, house.north.id))


def _plans(session):
    session.expire_all()
    return {row.subject: (row.assignee_id, row.department_id) for row in session.scalars(select(Plan))}
