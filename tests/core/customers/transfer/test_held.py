"""Whoever holds something is found: every foreign key to people says what becomes of its rows."""

from __future__ import annotations

from sqlalchemy import select

from platform_core.kernel.model import METADATA
from platform_core.kernel.models import OwnerRecord
from platform_core.plugins.asking import hooks_of
from platform_core.plugins.holdings import holdings


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
        assert kept == {("activities_plan", "assignee_id", "move"), ("activities_follow_up", "author_id", "keep")}
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
