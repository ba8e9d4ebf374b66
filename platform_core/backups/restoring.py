"""Putting a backup in the place of a house, or into an empty one.

Everything is read through, and laid out beside, before anything is touched; what was there is put aside, not removed.
From the first change to the last a marker lies in the data folder, and no other command starts while it is there.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path

from platform_core.backups import facts, folders, places, postgres, proving, reading, sqlite
from platform_core.backups.making import Told
from platform_core.backups.manifest import Manifest
from platform_core.backups.proving import Proof
from platform_core.kernel import keyfile
from platform_core.kernel.clock import now
from platform_core.kernel.secrets import Vault
from platform_core.settings import Settings

_STAGE = "restore-stage"
MARKER = "restore-unfinished"
_RESERVE = 64 * 1024 * 1024


@dataclass(slots=True)
class There:
    """What lies where a backup is to go."""

    rows: dict[str, int] = field(default_factory=dict)
    """Table -> rows, of those that have some"""
    files: int = 0
    last_line: str = ""
    """When the newest line of its audit trail was written"""

    @property
    def is_empty(self) -> bool:
        return not self.rows and not self.files


def read_through(path: Path, secret: str, told: Told) -> Manifest:
    return reading.read(path, secret, told=told)


def obstacles(known: Manifest, settings: Settings, revisions: dict[str, frozenset[str]]) -> Iterator[str]:
    """Why this backup cannot go there. `revisions`: owner -> those that came with this program."""
    if (known.database == "sqlite") is not settings.is_sqlite:
        there = "SQLite" if settings.is_sqlite else "PostgreSQL"
        yield f"the backup is of a house on {known.database}, and BATON_DATABASE_URL is one on {there}"
    for owner, revision in known.revisions.items():
        if owner in revisions and revision not in revisions[owner]:
            yield f"the tables of {owner} are at {revision}, which this program does not know: update it first"
    try:
        vault, keys = Vault.from_file(settings.secret_file), keyfile.read(settings.secret_file)
    except FileNotFoundError:
        yield f"put the key file of the house at {settings.secret_file} first; backups do not hold it"
    else:
        if trouble := proving.key_trouble(known, vault, keys):
            yield trouble
    need = sum(fact.size for fact in known.files.values()) + (known.database_size if settings.is_sqlite else 0)
    free = shutil.disk_usage(_existing(settings.data_dir)).free
    if free < need + _RESERVE:
        yield f"{settings.data_dir} has {free / 1e6:,.0f} MB left, and the backup needs {need / 1e6:,.0f} MB"


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def look(settings: Settings) -> There:
    """What would be overwritten."""
    there = There(files=folders.held(settings.data_dir))
    if settings.is_sqlite:
        path = sqlite.path_of(settings.database_url)
        if not path.exists():
            return there
        sqlite.settle(path)
    with proving.opened(settings.database_url) as (ask, tables):
        there.rows = {name: count for name, count in facts.counts(ask, tables).items() if count}
        if there.rows.get("audit_entry"):
            there.last_line = str(next(iter(ask("SELECT max(at) FROM audit_entry")))[0])[:16]
    return there


def in_use(settings: Settings) -> str:
    """Why the house cannot be overwritten just now, or ""."""
    if settings.is_sqlite:
        path = sqlite.path_of(settings.database_url)
        return "the house is running: stop baton serve first" if path.exists() and sqlite.is_in_use(path) else ""
    with postgres.asking(settings.database_url) as ask:
        number = postgres.others(ask)
    if not number:
        return ""
    return f"{number} other connections to the database: stop baton serve, worker and scheduler first"


def restore(path: Path, secret: str, known: Manifest, settings: Settings, told: Told) -> tuple[Proof, str]:
    """Returns what a comparison found, and where what was there lies now ("" where nothing was).

    On SQLite files and database are laid out beside and then take the place of the old ones, the database last; on
    PostgreSQL the database is one transaction. Called again after a failure it does everything anew.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    aside = _unused(settings.data_dir / f"before-restore-{now().astimezone(UTC):%Y%m%dT%H%M%SZ}")
    work = _Work(path, secret, known, settings, told, settings.data_dir / _STAGE, aside)
    shutil.rmtree(work.stage, ignore_errors=True)
    work.stage.mkdir(mode=0o700)
    try:
        if settings.is_sqlite:
            _onto_sqlite(work)
        else:
            _onto_postgresql(work)
    finally:
        shutil.rmtree(work.stage)
    places.sync(settings.data_dir)
    return work.proof, _put_aside(work.aside, settings)


def _unused(folder: Path) -> Path:
    """That of a restore that was killed within the same second stays as it is."""
    others = (folder.with_name(f"{folder.name}-{number}") for number in itertools.count(2))
    return next(path for path in itertools.chain([folder], others) if not path.exists())


@dataclass(slots=True)
class _Work:
    path: Path
    secret: str
    known: Manifest
    settings: Settings
    told: Told
    stage: Path
    """Where files are laid out"""
    aside: Path
    """Where what was there goes"""
    proof: Proof = field(default_factory=Proof)

    def mark(self) -> None:
        """From here on the house is neither the old one nor the new one."""
        marker = self.settings.data_dir / MARKER
        marker.write_text(f"{self.path.name}\n")
        places.sync(marker.parent)


def finish(settings: Settings) -> None:
    """The house may be started again."""
    (settings.data_dir / MARKER).unlink(missing_ok=True)


class _Laid(reading.Sink):
    """Lays files out below a folder; the database goes where `write` says."""

    def __init__(self, stage: Path, write: reading.Write) -> None:
        self._stage, self._write = stage, write

    def file(self, name: str, size: int, chunks: Iterator[bytes]) -> None:
        path = self._stage / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            for chunk in chunks:
                file.write(chunk)

    def database(self, chunk: bytes) -> None:
        self._write(chunk)


def _onto_sqlite(work: _Work) -> None:
    target = sqlite.path_of(work.settings.database_url)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.restoring")
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            reading.read(work.path, work.secret, _Laid(work.stage, file.write), work.told)
            file.flush()
            os.fsync(file.fileno())
        sqlite.check(draft, "integrity_check")
        proving.compare(work.proof, f"sqlite:///{draft}", work.known)
        work.mark()
        for side in ("", "-wal", "-shm"):
            old = Path(f"{target}{side}")
            if old.exists():
                _move(old, work.aside / old.name)
        _swap_files(work)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    places.sync(target.parent)


def _onto_postgresql(work: _Work) -> None:
    url, known = work.settings.database_url, work.known
    with postgres.asking(url) as ask:
        is_filled = bool(postgres.tables(ask))
        (user,) = next(iter(ask("SELECT current_user")))
        roles = {row[0] for row in ask("SELECT rolname FROM pg_roles")}
    keeps_rights = user == known.owner and roles >= set(known.accounts)
    if known.accounts and not keeps_rights:
        names = ", ".join(known.accounts)
        work.proof.notes.append(f"the rights of {names} were left out: see docs/security/audit.md, two accounts")
    first = _cleared(work.aside) if is_filled else ""
    with postgres.Load(url, first=first, accounts_too=keeps_rights) as load:
        reading.read(work.path, work.secret, _Laid(work.stage, load.write), work.told)
        work.mark()
        load.finish()
    proving.compare(work.proof, url, known)
    _swap_files(work)


def _cleared(aside: Path) -> str:
    """The tables stay under another schema; the new ones get the usual one."""
    name = f"{postgres.ASIDE}{aside.name.rpartition('-')[2].lower()}"
    return f'ALTER SCHEMA public RENAME TO "{name}"; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC;'


def _swap_files(work: _Work) -> None:
    for name in (*folders.FOLDERS, folders.ANCHORS):
        old, fresh = work.settings.data_dir / name, work.stage / name
        if old.exists():
            _move(old, work.aside / name)
        if fresh.exists():
            fresh.replace(old)


def _move(old: Path, new: Path) -> None:
    new.parent.mkdir(mode=0o700, exist_ok=True)
    old.replace(new)


def _put_aside(aside: Path, settings: Settings) -> str:
    found = [str(aside)] if aside.exists() else []
    if not settings.is_sqlite:
        schema = f"{postgres.ASIDE}{aside.name.rpartition('-')[2].lower()}"
        with postgres.asking(settings.database_url) as ask:
            if next(iter(ask(f"SELECT count(*) FROM pg_namespace WHERE nspname = '{schema}'")))[0]:  # noqa: S608  ours
                found.append(f"the schema {schema}")
    return " and ".join(found)
