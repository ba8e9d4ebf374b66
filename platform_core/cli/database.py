"""`baton migrate`."""

from __future__ import annotations

import click

from platform_core import install
from platform_core.cli.runtime import start


@click.command()
def migrate() -> None:
    """Bring the database up to date, and fill in roles and dictionaries that are missing."""
    runtime = start()
    changed = runtime.migrate()
    install.seed(runtime)
    for name, plugin in runtime.manager.plugins.items():
        if plugin.state == "broken":
            click.echo(f"{name} is broken: {plugin.reason}", err=True)
    click.echo(f"migrated: {', '.join(changed)}" if changed else "the database is up to date")
    runtime.close()
