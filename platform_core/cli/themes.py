"""`baton theme list|check`."""

from __future__ import annotations

from pathlib import Path

import click

from platform_core.cli.runtime import start
from platform_core.web import themes
from platform_core.web.templates import Templates


@click.group()
def theme() -> None:
    """Themes."""


@theme.command("list")
def list_themes() -> None:
    """Name, version, state, reason with file and line; separated by tabs."""
    runtime = start(strict_plugins=False)
    runtime.follow()
    known = runtime.templates.themes
    usable = known.sound()
    for item in known.found.values():
        state = "broken" if item.problem else "works" if item in usable else "off"
        click.echo(f"{item.name}\t{item.version}\t{state}\t{item.problem}{f' ({item.place})' if item.place else ''}")
    runtime.close()


@theme.command("check")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def check(folder: Path) -> None:
    """Look at a theme's folder before it is shipped; ends with 1 if it would not be worn."""
    runtime = start(strict_plugins=False)
    source = themes.Source(folder.absolute(), folder.absolute().name)
    looked_at = Templates(runtime.template_folders, themes.Themes([source]))
    runtime.close()
    found = looked_at.themes.found[source.name]
    for note in found.notes:
        click.echo(f"note: {note}")
    if found.problem:
        raise click.ClickException(f"{found.problem} ({found.place})")
    click.echo(f"{found.name} {found.version} can be worn: {len(found.overrides)} templates, {len(found.css)} bytes")
