"""The core's commands, each loaded when it is meant, and those of plugins: `baton <plugin> <command>`."""

from __future__ import annotations

import dataclasses
import importlib
import logging
from typing import Any

import click

from platform_core.app import BUILTINS, UnmigratedError
from platform_core.cli.users import operating
from platform_core.kernel.i18n import speaking
from platform_core.plugins.manager import PluginManager
from platform_core.settings import load_settings

_log = logging.getLogger(__name__)
COMMANDS = {
    "audit": "audit",
    "backup": "backup",
    "demo": "demo",
    "docs": "docs",
    "doctor": "doctor",
    "keys": "keys",
    "migrate": "database",
    "outbox": "outbox",
    "plugin": "scaffold",  # which adds `new` to those of `plugins`
    "quickstart": "demo",
    "restore": "restore",
    "revision": "revision",
    "scheduler": "serve",
    "serve": "serve",
    "theme": "themes",
    "token": "users",
    "user": "users",
    "worker": "serve",
}
"""Command -> its module in this package. A server has no use for what loads demos and writes documentation."""


class PluginGroup(click.Group):
    """One plugin's commands, refused while it is switched off. Each runs in a system session, committed in the end."""

    def invoke(self, ctx: click.Context) -> Any:
        with operating(f"baton {self.name}") as (runtime, session):
            runtime.follow()
            if self.name not in runtime.manager.enabled:
                plugin = runtime.manager.plugins.get(str(self.name))
                raise click.ClickException(f"{self.name} is {plugin.state if plugin else 'not installed'}")
            ctx.obj = session
            return super().invoke(ctx)


class WithPlugins(click.Group):
    """The core's commands, and a group per plugin that has some. Plugins are loaded only when one may be meant."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except UnmigratedError as error:
            raise click.ClickException(str(error)) from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*COMMANDS, *_groups()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return _groups().get(cmd_name)
        module = importlib.import_module(f"platform_core.cli.{COMMANDS[cmd_name]}")
        found: click.Command = getattr(module, cmd_name)
        return found


def _groups() -> dict[str, PluginGroup]:
    """By plugin. Empty where plugins cannot be loaded at all: the core's commands must work then."""
    manager = PluginManager(dataclasses.replace(load_settings(), strict_plugins=False), BUILTINS)
    try:
        manager.load()
    except Exception:
        _log.exception("plugins cannot be loaded")
        return {}
    groups: dict[str, PluginGroup] = {}
    for item in manager.declared.commands.installed():
        info = manager.plugins[item.owner].info
        assert info is not None
        with speaking("en"):
            group = groups.setdefault(item.owner, PluginGroup(item.owner, help=str(info.description)))
        group.add_command(item.value)
    return groups
