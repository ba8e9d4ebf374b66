"""`baton plugin list|enable|disable`."""

from __future__ import annotations

import click

from platform_core.admin import services
from platform_core.cli.users import operating


@click.group()
def plugin() -> None:
    """Plugins."""


@plugin.command("list")
def list_plugins() -> None:
    """Name, version, state, reason; separated by tabs."""
    with operating("baton plugin list") as (runtime, _session):
        runtime.follow()
        for name, found in sorted(runtime.manager.plugins.items()):
            if not found.builtin:
                click.echo(f"{name}\t{found.version}\t{found.state}\t{found.reason}")


@plugin.command("enable")
@click.argument("name")
@click.option("--together", is_flag=True, help="Also the plugins it needs.")
def enable(name: str, *, together: bool) -> None:
    """Switch a plugin on; running processes follow within two seconds."""
    _switch(name, enabled=True, together=together)


@plugin.command("disable")
@click.argument("name")
@click.option("--together", is_flag=True, help="Also the plugins that need it.")
def disable(name: str, *, together: bool) -> None:
    """Switch a plugin off; running processes follow within two seconds. Nothing is deleted."""
    _switch(name, enabled=False, together=together)


def _switch(name: str, *, enabled: bool, together: bool) -> None:
    with operating("baton plugin") as (runtime, session):
        runtime.follow()
        switched = services.set_plugin(session, None, runtime.platform, name, enabled=enabled, together=together)
    word = "on" if enabled else "off"
    click.echo(f"switched {word}: {', '.join(switched)}" if switched else f"{name} was {word} already")


COMMANDS = (plugin,)
