"""Making a backup while the house is running."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from platform_core import __version__
from platform_core.audit import services as audit
from platform_core.backups import facts, folders, manifest, passphrase, places, postgres, sqlite
from platform_core.backups.container import FRAME, Head, Writer
from platform_core.backups.errors import BackupError
from platform_core.backups.facts import Ask
from platform_core.backups.manifest import FileFact, Manifest
from platform_core.kernel import keyfile
from platform_core.kernel.clock import now
from platform_core.kernel.database import Database
from platform_core.kernel.ids import new_id
from platform_core.settings import Settings

PIECE = 8 * 1024 * 1024
"""A dump's length is not known before its end: it lies in numbered pieces, `database/000000` and on."""
DATABASE = "database/"
_RESERVE = 64 * 1024 * 1024
Told = Callable[[int, int], object]
"""(bytes that are done, bytes that are expected)"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a house keeps its data, its keys and its backups."""

    data_dir: Path
    secret_file: Path
    folder: Path
    passphrase_file: Path

    @classmethod
    def of(cls, settings: Settings) -> Place:
        return cls(settings.data_dir, settings.secret_file, settings.backups, settings.backup_key)


@dataclass(frozen=True, slots=True)
class Made:
    path: Path
    size: int
    sha256: str
    manifest: Manifest


@dataclass(slots=True)
class _Work:
    """One backup on its way."""

    database: Database
    place: Place
    tar: tarfile.TarFile
    told: Told
    total: int
    facts: Manifest
    done: int = 0
    seen: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Path -> size and time of the file when it was read"""


def make(database: Database, place: Place, told: Told = lambda _done, _total: None) -> Made:
    """Write one file into the folder of backups, whole or not at all. Raises BackupError.

    Beside it runs what runs: readers and writers of the house are not stopped.
    """
    secret = passphrase.read(place.passphrase_file)
    with places.alone(place.folder):
        expected = _room(database, place)
        moment = now()
        head = Head(new_id().hex, moment.isoformat(), os.urandom(16))
        final = place.folder / places.name_for(moment)
        draft = final.with_suffix(".part")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                writer = Writer(file, head, secret)
                known = _write(database, place, head, writer, told, expected)
                writer.finish()
            draft.replace(final)
        except BaseException:
            with suppress(FileNotFoundError):
                draft.unlink()
            raise
        places.sync(place.folder)
    made = Made(final, writer.size, writer.sha256, known)
    _record(database, made)
    return made


def _room(database: Database, place: Place) -> int:
    """Bytes that will be read. Raises BackupError where they cannot find room."""
    kept = folders.size_of(place.data_dir)
    if database.is_sqlite:
        size = sqlite.size_of(database.url)
        beside = sqlite.path_of(database.url).parent
        needed = {place.folder: size + kept, beside: size}
        if beside.stat().st_dev == place.folder.stat().st_dev:
            needed = {place.folder: 2 * size + kept}
    else:
        with postgres.asking(database.url) as ask:
            size = postgres.size_of(ask)
        needed = {place.folder: size // 2 + kept}  # indexes are not dumped, and what is gets compressed
    for folder, bytes_ in needed.items():
        free = shutil.disk_usage(folder).free
        if free < bytes_ + _RESERVE:
            told = f"{folder} has {free / 1e6:,.0f} MB left, and the backup may need {bytes_ / 1e6:,.0f} MB"
            raise BackupError(f"{told}; name a larger place in BATON_BACKUP_DIR")
    return size + kept


def _write(database: Database, place: Place, head: Head, writer: Writer, told: Told, expected: int) -> Manifest:
    vault = database.vault
    assert vault is not None, "the key file has not been read"
    keys = keyfile.read(place.secret_file)
    known = Manifest(
        id=head.id,
        made_at=head.made_at,
        version=__version__,
        database="sqlite" if database.is_sqlite else "postgresql",
        revisions={},
        tables={},
        seal=None,
        keys=[keys.current, *(name for name in keys.keys if name != keys.current)],
        proof=vault.sign(manifest.PURPOSE, head.id),
    )
    with tarfile.open(fileobj=_sink(writer), mode="w|", bufsize=FRAME, format=tarfile.PAX_FORMAT) as tar:
        work = _Work(database, place, tar, told, expected, known)
        for name in folders.anchors(place.data_dir):
            _add_file(work, name)
        _add_files(work)
        _add_files(work)  # what has come while many were read
        named = _add_database(work)
        _compare(work, named)
        _add_bytes(tar, manifest.NAME, manifest.encode(known))
    return known


def _sink(writer: Writer) -> Any:
    """tarfile wants nothing of a stream but `write`."""
    return writer


def _add_files(work: _Work) -> None:
    for name in folders.walk(work.place.data_dir):
        _add_file(work, name)


def _add_file(work: _Work, name: str) -> None:
    """Again, where it was still being written when it was read: the later one counts."""
    path = work.place.data_dir / name
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        about = os.fstat(file.fileno())
        stamp = about.st_size, about.st_mtime_ns
        if work.seen.get(name) == stamp:
            return
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = about.st_size, int(about.st_mtime), 0o600
        hashed = _Hashed(file, about.st_size)
        try:
            work.tar.addfile(info, hashed)  # type: ignore[arg-type]  # it reads and does nothing else
        except OSError as error:
            raise BackupError(f"{path} cannot be read: {error}") from error
    work.seen[name] = stamp
    work.facts.files[name] = FileFact(about.st_size, hashed.digest.hexdigest())
    _advance(work, about.st_size)


class _Hashed:
    """Reads as many bytes as were announced, and knows their digest."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._left = file, size
        self.digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        data = self._file.read(min(size, self._left))
        self._left -= len(data)
        self.digest.update(data)
        return data


def _add_database(work: _Work) -> dict[str, tuple[int, str]]:
    """The database at one moment, with what it says of itself at that moment. Returns the files that its rows name.

    The moment comes first, then the files that are new by then, and only then the dump, which may take minutes.
    """
    with ExitStack() as open_:
        if work.database.is_sqlite:
            copy = open_.enter_context(sqlite.copy_of(work.database.url))
            ask = open_.enter_context(sqlite.reading(copy))
            names, pieces = sqlite.tables(ask), _read(open_.enter_context(copy.open("rb")))
        else:
            ask, snapshot = open_.enter_context(postgres.snapshot(work.database.url))
            names, pieces = postgres.tables(ask), postgres.dump(work.database.url, snapshot)
            work.facts.owner, work.facts.accounts = postgres.accounts(ask)
        _add_files(work)
        _describe(work.facts, ask, names)
        digest = hashlib.sha256()
        for number, piece in enumerate(_of_size(pieces)):
            digest.update(piece)
            work.facts.database_size += len(piece)
            _add_bytes(work.tar, f"{DATABASE}{number:06}", piece)
            _advance(work, len(piece))
        work.facts.database_sha256 = digest.hexdigest()
        return facts.stored_files(ask, names)


def _describe(known: Manifest, ask: Ask, tables: list[str]) -> None:
    known.tables = facts.counts(ask, tables)
    known.revisions = facts.revisions(ask, tables)
    known.seal = facts.seal(ask, tables)


def _read(file: BinaryIO) -> Iterator[bytes]:
    while data := file.read(PIECE):
        yield data


def _of_size(chunks: Iterator[bytes]) -> Iterator[bytes]:
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk
        while len(waiting) >= PIECE:
            yield bytes(waiting[:PIECE])
            del waiting[:PIECE]
    if waiting:
        yield bytes(waiting)


def _compare(work: _Work, named: dict[str, tuple[int, str]]) -> None:
    """Files that rows name and that are not there: gone while we were at it, or lost before."""
    missing = [name for name, (size, sha) in named.items() if work.facts.files.get(name) != FileFact(size, sha)]
    still = _still_named(work.database, missing)
    work.facts.gone = sorted(name for name in missing if name not in still)
    work.facts.lost = sorted(still)


def _still_named(database: Database, missing: list[str]) -> set[str]:
    if not missing:
        return set()
    opened = sqlite.reading(sqlite.path_of(database.url)) if database.is_sqlite else postgres.asking(database.url)
    with opened as ask:
        return set(missing) & set(facts.stored_files(ask, ["customers_attachment"]))


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o600
    tar.addfile(info, io.BytesIO(data))


def _advance(work: _Work, number: int) -> None:
    work.done += number
    work.told(min(work.done, work.total), work.total)


def _record(database: Database, made: Made) -> None:
    with database.system_session("a backup was made") as session:
        after = {"file": made.path.name, "size": made.size, "sha256": made.sha256, "rows": made.manifest.rows}
        audit.record(session, None, "backups.make", after=after)
