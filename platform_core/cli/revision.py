"""`baton revision`: a migration file from the difference between models and database."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path

import click
from alembic import command

from platform_core.app import Runtime
from platform_core.cli.runtime import start
from platform_core.plugins import migrations
from platform_core.settings import normalise_url


@click.command()
@click.argument("owner")
@click.argument("message")
def revision(owner: str, message: str) -> None:
    """Write the next migration of OWNER (`core` or a plugin), numbered after its last one."""
    runtime = start(strict_plugins=True)
    folders = migrations.owners(runtime.manager)
    if owner not in folders:
        raise click.ClickException(f"{owner} has no migrations folder; known: {', '.join(folders)}")
    number = len(list(folders[owner].glob("*.py"))) + 1
    with tempfile.TemporaryDirectory() as folder:
        url = normalise_url(f"sqlite:///{Path(folder) / 'scratch.sqlite3'}")
        scratch = Runtime(dataclasses.replace(runtime.settings, database_url=url))
        migrations.migrate(scratch.manager, url)
        with migrations.migration_connection(url) as connection:
            config = migrations.config_for(owner, folders[owner], connection, migrations.owns(runtime.manager, owner))
            command.revision(config, message=message, rev_id=f"{owner}_{number:04}", autogenerate=True)
        scratch.database.dispose()
    runtime.database.dispose()
