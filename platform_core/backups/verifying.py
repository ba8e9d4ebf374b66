"""Trying a backup out: read through, restored into a scratch place, and compared with everything that is known."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from platform_core.audit import services as audit
from platform_core.backups import facts, passphrase, places, postgres, proving, reading, sqlite
from platform_core.backups.errors import BackupError, DamagedError
from platform_core.backups.making import Place, Told
from platform_core.backups.manifest import Manifest
from platform_core.backups.proving import Proof, Upgrade
from platform_core.kernel import keyfile
from platform_core.kernel.database import Database
from platform_core.kernel.secrets import Vault

_SCRATCH = "backup-scratch-"
_RESERVE = 64 * 1024 * 1024


def verify(
    place: Place,
    path: Path,
    *,
    database: Database,
    is_quick: bool = False,
    scratch: str = "",
    upgrade: Upgrade | None = None,
    told: Told = lambda _done, _total: None,
) -> tuple[Manifest, Proof]:
    """`is_quick`: without restoring. `scratch`: URL of an empty PostgreSQL database, where the account cannot make one.

    `upgrade`: without it an older backup is restored, and not looked at line by line. Raises BackupError where the file
    is damaged (DamagedError) or cannot be tried; what does not agree is in the proof. A verdict is a line in the trail.
    """
    secret = passphrase.read(place.passphrase_file)
    with places.alone(place.folder):
        try:
            known = reading.read(path, secret, told=told)
            proof = Proof()
            vault, keys = Vault.from_file(place.secret_file), keyfile.read(place.secret_file)
            if trouble := proving.key_trouble(known, vault, keys):
                proof.findings.append(trouble)
            elif not is_quick:
                with _restored(place, path, secret, known, database, scratch) as url:
                    proving.compare(proof, url, known)
                    _look_closer(proof, url, known, database, vault, keys, upgrade)
        except DamagedError as error:
            places.mark_bad(path)
            _record(database, path, str(error))
            raise
        if proof.findings:
            places.mark_bad(path)
        else:
            places.mark_verified(path, "read" if is_quick else "restored")
    _record(database, path, proof.findings[0] if proof.findings else "")
    return known, proof


def _look_closer(  # noqa: PLR0917  what a restored house is compared with
    proof: Proof, url: str, known: Manifest, database: Database, vault: Vault, keys: keyfile.Keys,
    upgrade: Upgrade | None,
) -> None:  # fmt: skip
    with proving.opened(database.url) as (ask, tables):
        is_current = known.revisions == facts.revisions(ask, tables)
    if not is_current and upgrade is None:
        proof.notes.append("its tables are older than this program: the lines of its audit trail were not looked at")
        return
    if not is_current and upgrade is not None:
        upgrade(url)
    proving.trail(proof, url, vault, keys)


@contextmanager
def _restored(
    place: Place, path: Path, secret: str, known: Manifest, database: Database, scratch: str
) -> Iterator[str]:
    with ExitStack() as open_:
        if known.database == "sqlite":
            folder = open_.enter_context(_scratch_folder(place.data_dir, known.database_size))
            target = folder / "baton.sqlite3"
            with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                reading.read(path, secret, _Into(file.write))
            sqlite.check(target, "integrity_check")
            yield f"sqlite:///{target}"
            return
        if not scratch and database.is_sqlite:
            raise BackupError("the backup is of a house on PostgreSQL; name an empty database with --scratch")
        url = scratch or open_.enter_context(postgres.scratch_database(database.url))
        with postgres.asking(url) as ask:
            if postgres.tables(ask):
                raise BackupError("the database named with --scratch is not empty")
        with postgres.Load(url) as load:
            reading.read(path, secret, _Into(load.write))
            load.finish()
        yield url


class _Into(reading.Sink):
    def __init__(self, write: reading.Write) -> None:
        self._write = write

    def database(self, chunk: bytes) -> None:
        self._write(chunk)


@contextmanager
def _scratch_folder(data_dir: Path, size: int) -> Iterator[Path]:
    """Beside the database, where its clear text lies anyway; what a killed process left is swept away."""
    for old in data_dir.glob(f"{_SCRATCH}*"):
        shutil.rmtree(old)
    free = shutil.disk_usage(data_dir).free
    if free < size + _RESERVE:
        raise BackupError(f"{data_dir} has {free / 1e6:,.0f} MB left, and trying it out needs {size / 1e6:,.0f} MB")
    folder = data_dir / f"{_SCRATCH}{secrets.token_hex(4)}"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _record(database: Database, path: Path, trouble: str) -> None:
    with database.system_session("a backup was verified") as session:
        result = "failed" if trouble else "ok"
        audit.record(session, None, "backups.verify", after={"file": path.name}, result=result, reason=trouble)
