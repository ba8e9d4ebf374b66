"""`baton restore`."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from platform_core import install
from platform_core.app import Runtime
from platform_core.backups import passphrase, proving, restoring, settling
from platform_core.backups.errors import BackupError
from platform_core.backups.manifest import Manifest
from platform_core.backups.proving import Proof
from platform_core.backups.restoring import There
from platform_core.cli.backup import progress
from platform_core.cli.runtime import logged
from platform_core.kernel import keyfile
from platform_core.kernel.secrets import WeakSecretError
from platform_core.plugins import migrations
from platform_core.settings import Settings, load_settings, normalise_url


@click.command()
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--to", "target", default="", help="A folder for data, or the URL of a database, other than the usual.")
@click.option("--overwrite", is_flag=True, help="Also where there is a house already; what was there is put aside.")
@click.option("--yes", is_flag=True, help="Do not ask whether to overwrite.")
def restore(path: Path, target: str, overwrite: bool, yes: bool) -> None:  # noqa: FBT001  click's flags
    """Restore a backup into the place that BATON_DATA_DIR and BATON_DATABASE_URL name.

    First the whole file is read and compared, then it is laid out beside; only then anything changes. Put the key file
    of the house (secret.json) and the passphrase (backup.key) there before. Nobody stays signed in, and messages that
    waited are held until `baton outbox release`.
    """
    logged()
    settings = _settings(target)
    try:
        _restore(path, settings, overwrite=overwrite, is_sure=yes)
    except (BackupError, WeakSecretError, OSError) as error:
        raise click.ClickException(str(error)) from error


def _settings(target: str) -> Settings:
    settings = load_settings()
    if "://" in target:
        return dataclasses.replace(settings, database_url=normalise_url(target))
    if target:
        folder = Path(target).absolute()
        url = f"sqlite:///{folder / 'baton.sqlite3'}" if settings.is_sqlite else settings.database_url
        keys = settings.backup_key  # of the house that is running
        return dataclasses.replace(settings, data_dir=folder, database_url=url, backup_key_file=keys)
    return settings


def _restore(path: Path, settings: Settings, *, overwrite: bool, is_sure: bool) -> None:
    secret = passphrase.read(settings.backup_key)
    with progress("reading") as told:
        known = restoring.read_through(path, secret, told)
    click.echo(f"{path.name}: made {known.made_at} by Baton {known.version}, {known.rows:,} rows")
    if not settings.secret_file.exists():  # a platform would make a new one
        raise BackupError(f"put the key file of the house at {settings.secret_file} first; backups do not hold it")
    runtime = Runtime(settings)
    try:
        revisions = {owner: item.all for owner, item in migrations.known(runtime.manager).items()}
        for trouble in restoring.obstacles(known, settings, revisions):
            raise BackupError(trouble)
        replaced = _admit(settings, overwrite=overwrite, is_sure=is_sure)
        with progress("restoring") as told:
            proof, aside = restoring.restore(path, secret, known, settings, told)
        behind = migrations.pending(runtime.manager, settings.database_url)
        if behind:
            runtime.migrate()
            install.seed(runtime)
            click.echo(f"brought up to date: {', '.join(sorted(behind))}")
        waiting = settling.settle(runtime.database, known, replaced=replaced)
        proving.trail(proof, settings.database_url, runtime.vault, keyfile.read(settings.secret_file))
        restoring.finish(settings)
    finally:
        runtime.close()
    _tell(known, proof, aside, waiting)


def _admit(settings: Settings, *, overwrite: bool, is_sure: bool) -> str:
    """What was there, in words; "" for an empty place. Raises BackupError unless it may be overwritten."""
    there = restoring.look(settings)
    if there.is_empty:
        return ""
    words = _words(there)
    click.echo(f"There is a house already: {words}.")
    if not overwrite:
        raise BackupError("nothing was changed; name an empty place, or repeat with --overwrite")
    if trouble := restoring.in_use(settings):
        raise BackupError(trouble)
    if not is_sure:
        click.confirm("Put all of this aside and restore the backup in its place?", abort=True)
    return words


def _words(there: There) -> str:
    customers = there.rows.get("customers_customer", 0)
    last = f", last line of its trail {there.last_line}" if there.last_line else ""
    return f"{sum(there.rows.values()):,} rows, {customers:,} customers, {there.files:,} files{last}"


def _tell(known: Manifest, proof: Proof, aside: str, waiting: int) -> None:
    click.echo(f"{known.rows:,} rows and {len(known.files):,} files are restored")
    click.echo(f"{proof.lines:,} lines of the audit trail fit their seals; head: {proof.head or 'no seal yet'}")
    if aside:
        click.echo(f"what was there before lies in {aside}; remove it once nobody misses anything")
    for note in proof.notes:
        click.echo(f"note: {note}")
    for name in known.gone:
        click.echo(f"note: {name} was removed by somebody while the backup was made")
    click.echo("everybody has to sign in again, and tokens are to be made anew")
    click.echo(f"nothing is sent until you say so, {waiting:,} messages wait: baton outbox status")
    for finding in proof.findings:
        click.echo(f"FOUND: {finding}")
    if proof.findings:
        raise SystemExit(1)
