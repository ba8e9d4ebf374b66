"""`baton plugin list|info|enable|disable|upgrade|purge`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from platform_core import install
from platform_core.admin import belongings, purging, services
from platform_core.app import Runtime, create_app
from platform_core.cli.runtime import start
from platform_core.cli.users import operating
from platform_core.contracts.plugin import Routes
from platform_core.kernel.errors import BatonError
from platform_core.kernel.i18n import speaking
from platform_core.plugins import migrations
from platform_core.plugins.manager import Plugin
from platform_core.plugins.places import PluginError


@click.group()
def plugin() -> None:
    """Plugins."""


@plugin.command("list")
def list_plugins() -> None:
    """Name, version, state, reason with file and line; separated by tabs. Orphaned: left data, has no package."""
    with operating("baton plugin list") as (runtime, _session):
        runtime.follow()
        create_app(runtime, background=False)  # shows what cannot be mounted
        for name, found in sorted(runtime.manager.plugins.items()):
            place = f" ({found.place})" if found.place else ""
            if not found.builtin and name not in runtime.manager.absent:
                click.echo(f"{name}\t{found.version}\t{found.state}\t{found.reason}{place}")
        for name, item in runtime.manager.absent.items():
            if not item.is_purged:
                click.echo(f"{name}\t{item.version}\torphaned\t{orphan_reason(runtime, name)}")


def orphan_reason(runtime: Runtime, name: str) -> str:
    allowed = runtime.settings.allowed_plugins
    if allowed is not None and name not in allowed:
        return "BATON_PLUGINS leaves it out; its data stay"
    return f"its package is gone, its data stay; to take them away: baton plugin purge {name}"


@plugin.command("info")
@click.argument("name")
def info(name: str) -> None:
    """Everything that is known of a plugin: state, tables with rows, what it declares."""
    with operating("baton plugin info") as (runtime, session):
        runtime.follow()
        for line in _about(runtime, session, name):
            click.echo(line)


def _about(runtime: Runtime, session: Any, name: str) -> Iterator[str]:
    manager = runtime.manager
    found, item = manager.plugins.get(name), manager.absent.get(name)
    if found is None and item is None:
        raise click.ClickException(f"there is no plugin {name}")
    if found is not None:
        yield from _head(runtime, found)
    elif item is not None:
        yield f"{name} {item.version}\t{item.title}"
        yield "state\tpurged" if item.is_purged else f"state\torphaned: {orphan_reason(runtime, name)}"
    held = belongings.of(session, manager, name)
    for table, rows in held.tables.items():
        yield f"table\t{table}\t{rows} rows"
    for kind, rows in held.rows.items():
        if rows:
            yield f"{kind}\t{rows}"
    if found is not None and found.info:
        yield from _declared(runtime, name)
        return
    for permission in held.content.permissions:
        yield f"permission\t{permission}"
    for reference in held.content.references:
        yield f"reference\t{reference.table}.{reference.column}\t{reference.on_merge}, {reference.on_erase}"


def _head(runtime: Runtime, found: Plugin) -> Iterator[str]:
    title = services.title(found)
    yield f"{found.name} {found.version}\t{title}"
    yield f"state\t{found.state}{': ' + found.reason if found.reason else ''}"
    if found.info:
        yield f"package\t{found.info.package}\t{found.folder}"
    needed_by = sorted(other.name for other in runtime.manager.plugins.values() if found.name in other.requires)
    for label, names in (("needs", sorted(found.requires)), ("needed by", needed_by)):
        if names:
            yield f"{label}\t{', '.join(names)}"
    known = migrations.known(runtime.manager).get(found.name)
    if known:
        yield f"revision\t{known.head}"


def _declared(runtime: Runtime, name: str) -> Iterator[str]:
    declared = runtime.manager.declared
    for label, registry, prefix in (("route", declared.routes, ""), ("API route", declared.api, "/api/v1")):
        for routes in [item.value for item in registry.installed() if item.owner == name]:
            yield from (f"{label}\t{line}" for line in _addresses(routes, prefix))
    for label, held, key in (
        ("permission", declared.permissions, "name"),
        ("job", declared.jobs, "name"),
        ("setting", declared.settings, "key"),
        ("dictionary", declared.dictionaries, "name"),
    ):
        yield from (f"{label}\t{getattr(item.value, key)}" for item in held.installed() if item.owner == name)
    for value in [item.value for item in declared.customer_references.installed() if item.owner == name]:
        yield f"reference\t{value.model.__table__.name}.{value.column}\t{value.on_merge}, {value.on_erase}"
    module = runtime.manager.plugins[name].module
    for hook in sorted(hook for hook in vars(module) if hook.startswith("baton_")):
        yield f"hook\t{hook}"


def _addresses(routes: Routes, prefix: str) -> Iterator[str]:
    for handler in routes.handlers:
        methods = "/".join(sorted(method for method in handler.http_methods if method != "OPTIONS"))
        for path in handler.paths:
            address = f"{prefix}{routes.path.rstrip('/')}{path}"
            yield f"{methods} {address}\t{handler.opt.get('permission', 'public')}"


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


@plugin.command("upgrade")
@click.argument("name")
def upgrade(name: str) -> None:
    """Migrate the tables of one plugin: all of its new revisions, or none when one fails."""
    runtime = start()
    try:
        found = runtime.manager.plugins.get(name)
        if found is None or found.builtin:
            raise click.ClickException(f"there is no plugin {name}; the core is migrated by: baton migrate")
        if found.info is None:
            raise click.ClickException(f"{name} is {found.state}: {found.reason}")
        changed = runtime.migrate(name)
        if found.state == "broken":
            where = f" ({found.place})" if found.place else ""
            raise click.ClickException(f"nothing was changed; {found.reason}{where}")
        install.seed(runtime)
        click.echo(f"upgraded {name} {found.version}" if changed else f"the tables of {name} are up to date")
    except PluginError as error:
        raise click.ClickException(str(error)) from error
    finally:
        runtime.close()


@plugin.command("purge")
@click.argument("name")
@click.option("--export", "folder", type=click.Path(path_type=Path, file_okay=False), help="First write all rows here.")
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
def purge(name: str, folder: Path | None, form: purging.Format, *, yes: bool) -> None:
    """Delete everything that a plugin holds, also of one whose package is gone. Shows what, and asks.

    Lines of the timeline stay as who did what when; the audit trail stays.
    """
    runtime = start()
    try:
        runtime.follow()
        with speaking("en"):
            with runtime.database.system_session("what would be purged", write=False) as session:
                found = purging.look(session, runtime.platform, name)
            for line in _inventory(found):
                click.echo(line)
            if found.is_empty:
                click.echo(f"{name} holds nothing")
                return
            if not yes:
                click.confirm("Delete all of this for good?", abort=True)
            purging.purge(runtime.platform, None, name, export=folder, form=form)
    except BatonError as error:
        raise click.ClickException(error.message) from error
    except FileExistsError as error:
        raise click.ClickException(f"nothing was deleted: {error.filename} is there already") from error
    finally:
        runtime.close()
    click.echo(f"purged {name}{f', exported to {folder}' if folder else ''}")


def _inventory(found: belongings.Belongings) -> Iterator[str]:
    for table, rows in found.tables.items():
        yield f"table\t{table}\t{rows} rows"
    for kind, rows in found.rows.items():
        if rows:
            yield f"{kind}\t{rows}"
