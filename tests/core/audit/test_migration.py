"""A trail that was written before there were seals is numbered in order of time, and the way back keeps every line."""

from __future__ import annotations

import pytest
from alembic import command
from sqlalchemy import text

from platform_core.app import Runtime
from platform_core.kernel.ids import new_id
from platform_core.plugins import migrations
from platform_core.testing import services
from platform_core.testing.pytest_plugin import make_settings
from tests.core.audit.forging import found, seal, write

_LINE = (
    "INSERT INTO audit_entry (id, at, actor_label, via, ip, request_id, action, result, entity, entity_label, ids,"
    " before, after, reason) VALUES (:id, :at, '', 'page', '', '', :action, 'ok', '', '', '[]', '{}', '{}', '')"
)


@pytest.fixture
def url(backend, tmp_path, request):
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path / 'old.sqlite3'}"
        return
    with services.clone_database(request.getfixturevalue("postgres_url")) as url:
        yield url


def move(runtime, to):
    with migrations.migration_connection(runtime.settings.database_url) as connection:
        versions = migrations.owners(runtime.manager)[migrations.CORE]
        config = migrations.config_for(migrations.CORE, versions, connection)
        (command.downgrade if to == "core_0006" else command.upgrade)(config, to)


def actions(runtime, order):
    with runtime.database.connection("look") as connection:
        return list(connection.execute(text(f"SELECT action FROM audit_entry ORDER BY {order}")).scalars())


def test_old_lines_are_numbered_and_sealed(url, tmp_path):
    runtime = Runtime(make_settings(url, tmp_path))
    runtime.migrate()
    move(runtime, "core_0006")
    with runtime.database.connection("old lines") as connection:
        for number in (3, 1, 2):
            key = new_id().hex if runtime.database.is_sqlite else str(new_id())
            at = f"2026-01-0{number} 00:00:00.000000"
            connection.execute(text(_LINE), {"id": key, "at": at, "action": f"test.{number}"})
    move(runtime, "core_0007")
    assert [action for action in actions(runtime, "seq") if action.startswith("test")] == ["test.1", "test.2", "test.3"]
    write(runtime, 1, "test.4")
    assert actions(runtime, "seq")[-1] == "test.4"
    seal(runtime, 100)
    assert found(runtime) == []
    move(runtime, "core_0006")
    assert actions(runtime, "at")[:3] == ["test.1", "test.2", "test.3"]
    runtime.database.dispose()
