"""`baton backup`, `baton backup key|list|verify|prune`."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from platform_core.app import Runtime
from platform_core.backups import jobs, making, passphrase, places, verifying
from platform_core.backups.errors import BackupError
from platform_core.backups.making import Place, Told
from platform_core.cli.runtime import start
from platform_core.kernel.clock import local
from platform_core.plugins import migrations
from platform_core.settings import load_settings


@click.group(invoke_without_command=True)
@click.option(
    "--to", "folder", type=click.Path(file_okay=False, path_type=Path),
    help="Another folder than BATON_BACKUP_DIR [default there: backups, in the data folder].",
)  # fmt: skip
@click.pass_context
def backup(context: click.Context, folder: Path | None) -> None:
    """Back up the whole house, while it is running: database, files and archives in one encrypted file.

    The key file (secret.json) and the passphrase (backup.key) are not in it: keep copies of both elsewhere.
    """
    if context.invoked_subcommand is None:
        with _house(folder) as (runtime, place):
            began = time.monotonic()
            with progress("backing up") as told:
                made = making.make(runtime.database, place, told)
            seconds = time.monotonic() - began
        click.echo(f"{made.path}: {made.size / 1e6:,.1f} MB in {seconds:.1f} s")
        known = made.manifest
        click.echo(f"{known.rows:,} rows of {len(known.tables)} tables, {len(known.files):,} files")
        click.echo(f"SHA-256 {made.sha256}")
        for name in known.lost:
            click.echo(f"LOST: {name} is named by the database and is not in the data folder", err=True)
        click.echo("try it out with: baton backup verify")


@contextmanager
def _house(folder: Path | None = None) -> Iterator[tuple[Runtime, Place]]:
    runtime = start()
    try:
        runtime.follow()
        place = Place.of(runtime.settings)
        yield runtime, dataclasses.replace(place, folder=folder.absolute()) if folder else place
    except (BackupError, OSError) as error:
        raise click.ClickException(str(error)) from error
    finally:
        runtime.close()


@contextmanager
def progress(label: str) -> Iterator[Told]:
    """A bar on standard error. Totals are estimates until the end."""
    with click.progressbar(length=1000, label=label, file=sys.stderr) as bar:

        def told(done: int, total: int) -> None:
            bar.update(min(1000, 1000 * done // max(total, 1)) - bar.pos)

        yield told
        bar.update(1000 - bar.pos)


@backup.command()
def key() -> None:
    """Make the passphrase that backups are encrypted with. From then on there is one every night."""
    settings = load_settings()
    try:
        passphrase.create(settings.backup_key)
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{settings.backup_key} is made.")
    click.echo(f"Copy it and {settings.secret_file} to another place, apart from the backups, today:")
    click.echo("without the first nobody can open a backup, without the second nobody can read the numbers in it.")


@backup.command("list")
def show() -> None:
    """The backups there are, newest first."""
    settings = load_settings()
    found = places.known(settings.backups)
    for item in found:
        tried = f"{item.how} {local(item.verified_at):%Y-%m-%d %H:%M}" if item.verified_at else "not tried out"
        click.echo(f"{item.path.name}\t{local(item.made_at):%Y-%m-%d %H:%M}\t{item.size / 1e6:,.1f} MB\t{tried}")
    if not found:
        click.echo(f"there is no backup in {settings.backups}")


@backup.command()
@click.argument("path", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--quick", is_flag=True, help="Read it through, without restoring it into a scratch place.")
@click.option("--scratch", default="", help="URL of an empty PostgreSQL database, where the account cannot make one.")
def verify(path: Path | None, quick: bool, scratch: str) -> None:  # noqa: FBT001  click's flag
    """Try a backup out, the newest one unless PATH names another: restore it beside and compare everything.

    Ends with 1, and one line for each finding, when anything is not as it was written.
    """
    with _house() as (runtime, place):
        newest = next((item.path for item in places.known(place.folder)), None)
        chosen = path or newest
        if chosen is None:
            raise click.ClickException(f"there is no backup in {place.folder}")
        began = time.monotonic()
        with progress("verifying") as told:
            known, proof = verifying.verify(
                place, chosen, database=runtime.database, is_quick=quick, scratch=scratch, told=told,
                upgrade=lambda url: migrations.migrate(runtime.manager, url),
            )  # fmt: skip
        seconds = time.monotonic() - began
    click.echo(f"{chosen.name}: made {known.made_at} by Baton {known.version}")
    click.echo(f"{known.rows:,} rows of {len(known.tables)} tables, {len(known.files):,} files, in {seconds:.1f} s")
    if proof.head:
        click.echo(f"{proof.lines:,} lines of the audit trail fit their seals; head: {proof.head}")
    for note in proof.notes:
        click.echo(f"note: {note}")
    for finding in proof.findings:
        click.echo(f"FOUND: {finding}")
    if proof.findings:
        raise SystemExit(1)
    click.echo("the backup can be read" if quick else "the backup was restored and is what it was")


@backup.command()
@click.option("--yes", is_flag=True, help="Do it; without this it only says what would go.")
def prune(yes: bool) -> None:  # noqa: FBT001  click's flag
    """Remove old backups: one a week and one a month stay, the newest and the newest that was tried out as well."""
    with _house() as (runtime, place):
        if yes:
            for name in jobs.prune(runtime.database, place):
                click.echo(f"removed {name}")
            return
        for item in jobs.superfluous(runtime.database, place):
            click.echo(f"{item.path.name} would go")
        click.echo("nothing was removed; repeat with --yes")
