"""The command line: what an operator does with a deployment."""

from __future__ import annotations

import click

from platform_core import __version__
from platform_core.cli import audit, database, demo, docs, doctor, plugins, revision, scaffold, serve, themes, users
from platform_core.cli.contributed import WithPlugins

__all__ = ["baton"]


@click.group(cls=WithPlugins)
@click.version_option(__version__, prog_name="baton")
def baton() -> None:
    """Baton: one customer record, handed from department to department."""


for module in (audit, database, demo, docs, doctor, plugins, revision, scaffold, serve, themes, users):
    for command in module.COMMANDS:
        baton.add_command(command)
