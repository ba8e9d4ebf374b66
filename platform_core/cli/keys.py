"""`baton keys status|prepare|rotate|retire`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import click

from platform_core.app import Runtime
from platform_core.cli.runtime import start
from platform_core.kernel import keyfile
from platform_core.kernel.clock import now
from platform_core.kernel.keyfile import Keys
from platform_core.plugins import rekeying
from platform_core.plugins.rekeying import SLICE

GRACE = 900
"""Seconds after which whatever began before a switch is over: a job is taken from its worker after 600."""
_grace = click.option(
    "--grace",
    default=GRACE,
    show_default=True,
    type=click.IntRange(0),
    help="Seconds that what began before may take.",
)


@click.group()
def keys() -> None:
    """The keys that encrypt customers' numbers and other secrets at rest."""


@keys.command()
def status() -> None:
    """Which keys there are, and how many values of which column each of them opens.

    Ends with 1 when a value is not opened by its own key.
    """
    runtime = start()
    try:
        runtime.follow()
        known = keyfile.read(runtime.settings.secret_file)
        click.echo(f"{runtime.settings.secret_file}")
        for name in sorted(known.keys, key=keyfile.number):
            click.echo(f"  {name}: {_role(known, name)}")
        found = rekeying.survey(runtime.database, list(known.keys))
        for place, numbers in sorted(found.items()):
            click.echo(f"{place}: {', '.join(f'{number:,} under {name}' for name, number in sorted(numbers.items()))}")
        used = {name for numbers in found.values() for name in numbers}
        for name in known.old:
            told = "still in use; run: baton keys rotate" if name in used else "used by nothing; run: baton keys retire"
            click.echo(f"{name}: {told}")
        broken = rekeying.sample(runtime.database, runtime.vault, known.ever)
    finally:
        runtime.close()
    for place in broken:
        click.echo(f"problem: {place} holds values that their own key does not open; is this their key file?")
    if broken:
        raise SystemExit(1)


@keys.command()
def prepare() -> None:
    """Make the next key without using it, so that its file can be taken to every other machine first."""
    runtime = start()
    try:
        path = runtime.settings.secret_file
        with keyfile.changing(path):
            known = keyfile.read(path)
            if known.newest == known.current:
                known = keyfile.add(path)
        click.echo(
            f"{known.newest} is ready. Take {path} to every machine that runs Baton, then run: baton keys rotate"
        )
    finally:
        runtime.close()


@keys.command()
@click.option("--slice", "size", default=SLICE, show_default=True, type=click.IntRange(1), help="Values in one step.")
@click.option("--pause", default=0.02, show_default=True, type=click.FloatRange(0), help="Seconds between steps.")
@_grace
def rotate(size: int, pause: float, grace: int) -> None:
    """Encrypt everything anew with a new key, while the server runs. Killed half-way, the next run goes on.

    The old key is taken out once nothing uses it and nothing that began before can still write with it.
    """
    runtime = start()
    try:
        runtime.follow()
        known = _switched(runtime.settings.secret_file)
        total = _number(runtime, known.old)
        with click.progressbar(length=total, label=f"to {known.current}", file=sys.stderr) as bar:
            tally = rekeying.reseal(
                runtime.database, runtime.vault, known.old, size=size, pause=pause, progress=bar.update
            )
        click.echo(f"{tally.changed:,} values are encrypted with {known.current} now")
        _retire(runtime, grace, is_command=False)
    finally:
        runtime.close()


@keys.command()
@_grace
def retire(grace: int) -> None:
    """Take keys that nothing uses any more out of the key file."""
    runtime = start()
    try:
        runtime.follow()
        _retire(runtime, grace, is_command=True)
    finally:
        runtime.close()


def _switched(path: Path) -> Keys:
    """A change that was begun goes on; a key that was prepared is used; else there is a new one."""
    with keyfile.changing(path):
        known = keyfile.read(path)
        if known.newest != known.current:
            return keyfile.switch(path, known.newest)
        if known.old:
            return known
        return keyfile.switch(path, keyfile.add(path).newest)


def _number(runtime: Runtime, names: Sequence[str]) -> int:
    found = rekeying.survey(runtime.database, names) if names else {}
    return sum(number for numbers in found.values() for number in numbers.values())


def _retire(runtime: Runtime, grace: int, *, is_command: bool) -> None:
    path = runtime.settings.secret_file
    with keyfile.changing(path):
        known = keyfile.read(path)
        if not known.old:
            click.echo("There is no old key.")
            return
        names = ", ".join(known.old)
        free = (known.current_since or now()) + timedelta(seconds=grace)
        if now() < free:
            told = f"{names} stays until {free.astimezone():%H:%M:%S}: what began before may still write with it"
            _refuse(f"{told}; then run: baton keys retire", is_command=is_command)
            return
        used = rekeying.survey(runtime.database, known.old)
        if used:
            _refuse(f"{names} is still in use in {', '.join(sorted(used))}; run: baton keys rotate", is_command=True)
        left, kept = keyfile.retire(path, known.old)
    click.echo(f"{names} is out of the key file, {left.current} is left.")
    click.echo(f"Backups from before need it: it lies in {kept}. Keep that with them, on another machine, not here.")


def _refuse(message: str, *, is_command: bool) -> None:
    if is_command:
        raise click.ClickException(message)
    click.echo(message)


def _role(known: Keys, name: str) -> str:
    if name == known.current:
        since = known.current_since
        return f"encrypts{f', since {since.astimezone():%Y-%m-%d %H:%M}' if since else ''}"
    return "reads what is not yet encrypted anew" if name in known.old else "is prepared"
