"""The command line: what an operator does with a deployment."""

from __future__ import annotations

import click

from platform_core import __version__
from platform_core.cli.contributed import WithPlugins

__all__ = ["baton"]


@click.group(cls=WithPlugins)
@click.version_option(__version__, prog_name="baton")
def baton() -> None:
    """Baton: one customer record, handed from department to department."""
