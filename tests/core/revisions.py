"""A database taken to one of the core's revisions, forwards or back."""

from __future__ import annotations

from alembic import command

from platform_core.app import Runtime
from platform_core.plugins import migrations


def upgrade(runtime: Runtime, to: str) -> None:
    _run(runtime, command.upgrade, to)


def downgrade(runtime: Runtime, to: str) -> None:
    _run(runtime, command.downgrade, to)


def _run(runtime, move, to):
    with migrations.migration_connection(runtime.settings.database_url) as connection:
        versions = migrations.owners(runtime.manager)[migrations.CORE]
        move(migrations.config_for(migrations.CORE, versions, connection), to)
