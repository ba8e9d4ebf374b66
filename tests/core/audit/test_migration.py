"""A trail that was written before there were seals is numbered in order of time, and the way back keeps every line."""

from __future__ import annotations

from sqlalchemy import text

from platform_core.app import Runtime
from platform_core.kernel.ids import new_id
from platform_core.testing.pytest_plugin import make_settings
from tests.core.audit.forging import found, seal, write
from tests.core.revisions import downgrade, upgrade

_LINE = (
    "INSERT INTO audit_entry (id, at, actor_label, via, ip, request_id, action, result, entity, entity_label, ids,"
    " before, after, reason) VALUES (:id, :at, '', 'page', '', '', :action, 'ok', '', '', '[]', '{}', '{}', '')"
)


def actions(runtime, order):
    with runtime.database.connection("look") as connection:
        return list(connection.execute(text(f"SELECT action FROM audit_entry ORDER BY {order}")).scalars())


def test_old_lines_are_numbered_and_sealed(empty_database, tmp_path):
    runtime = Runtime(make_settings(empty_database, tmp_path))
    runtime.migrate()
    downgrade(runtime, "core_0006")
    with runtime.database.connection("old lines") as connection:
        for number in (3, 1, 2):
            key = new_id().hex if runtime.database.is_sqlite else str(new_id())
            at = f"2026-01-0{number} 00:00:00.000000"
            connection.execute(text(_LINE), {"id": key, "at": at, "action": f"test.{number}"})
    upgrade(runtime, "core_0007")
    assert [action for action in actions(runtime, "seq") if action.startswith("test")] == ["test.1", "test.2", "test.3"]
    write(runtime, 1, "test.4")
    assert actions(runtime, "seq")[-1] == "test.4"
    seal(runtime, 100)
    assert found(runtime) == []
    downgrade(runtime, "core_0006")
    assert actions(runtime, "at")[:3] == ["test.1", "test.2", "test.3"]
    runtime.database.dispose()
