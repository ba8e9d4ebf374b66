"""`baton plugin new`: a working plugin to begin with, rendered from plugin_template."""

from __future__ import annotations

import keyword
import re
from importlib.metadata import entry_points
from pathlib import Path

import click
from packaging.version import Version

from platform_core import __version__
from platform_core.app import BUILTINS
from platform_core.cli.contributed import COMMANDS
from platform_core.cli.plugins import plugin
from platform_core.plugins.discovery import GROUP, NAME

_PACKAGE = Path(__file__).resolve().parents[1]
_PLACES = (_PACKAGE / "plugin_template", _PACKAGE.parent / "plugin_template")
_PLACEHOLDER = re.compile(r"@(name|dist|title|core|next)@")
_SKIPPED = {"__pycache__"}


@plugin.command("new")
@click.argument("name")
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=Path(), help="Where its folder is made.")
@click.option("--title", default="", help="What people call it [default: from the name].")
def new(name: str, folder: Path, title: str) -> None:
    """Make the folder of a new plugin NAME that works as it stands, with its tests."""
    own = {module.split(".")[1] for module in BUILTINS} | {"core"}
    installed = {found.name for found in entry_points(group=GROUP)}
    if not NAME.fullmatch(name) or keyword.iskeyword(name):
        raise click.ClickException(f"{name!r} is no name for a plugin: small letters, digits and _, a letter first")
    if name in own | COMMANDS.keys():
        raise click.ClickException(f"{name} is a part of the core")
    if name in installed:
        raise click.ClickException(f"a plugin {name} is installed already")
    target = folder / f"baton-{name.replace('_', '-')}"
    if target.exists():
        raise click.ClickException(f"{target} is there already")
    render(name, target, title or name.replace("_", " ").capitalize())
    click.echo(f"made {target}; next: pip install -e {target}, baton migrate, baton serve")


def render(name: str, target: Path, title: str) -> None:
    """Fill the template's placeholders, in paths as in texts."""
    version = Version(__version__)
    words = {
        "name": name,
        "dist": name.replace("_", "-"),
        "title": title,
        "core": f"{version.major}.{version.minor}",
        "next": f"{version.major}.{version.minor + 1}" if version.major == 0 else f"{version.major + 1}",
    }

    def filled(text: str) -> str:
        return _PLACEHOLDER.sub(lambda match: words[match[1]], text)

    template = next((path for path in _PLACES if path.exists()), None)
    if template is None:
        raise click.ClickException("this installation came without plugin_template; use a checkout of Baton")
    for source in sorted(template.rglob("*")):
        if source.is_dir() or _SKIPPED & set(source.parts) or source.suffix == ".pyc":
            continue
        place = target / filled(str(source.relative_to(template)))
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(filled(source.read_text(encoding="utf-8")), encoding="utf-8")
