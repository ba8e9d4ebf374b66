"""Reading a backup through: every byte is decrypted and compared before anybody relies on it."""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from platform_core.backups import facts, folders, manifest
from platform_core.backups.container import FRAME, Reader
from platform_core.backups.errors import DamagedError
from platform_core.backups.making import DATABASE
from platform_core.backups.manifest import FileFact, Manifest

_CHUNK = 1024 * 1024
Told = Callable[[int, int], object]
Write = Callable[[bytes], object]


class Sink:
    """What becomes of the parts of a backup; this one looks at them and forgets them."""

    def file(self, name: str, size: int, chunks: Iterator[bytes]) -> None:
        """Must read all of `chunks`."""
        for _chunk in chunks:
            pass

    def database(self, chunk: bytes) -> None:
        """The next bytes of the dump, in order."""


def read(path: Path, passphrase: str, sink: Sink | None = None, told: Told = lambda _done, _total: None) -> Manifest:
    """Hand every part to the sink and return what the backup says it holds.

    Raises DamagedError for the first thing that is not as it was written; by then the sink has been given parts, so
    whoever restores reads a backup through without a sink first.
    """
    with path.open("rb") as file:
        reader = Reader(file, passphrase)
        found = _Found(sink or Sink(), os.fstat(file.fileno()).st_size, told, file)
        try:
            with tarfile.open(fileobj=_source(reader), mode="r|", bufsize=FRAME) as tar:
                for member in tar:
                    found.take(tar, member)
        except (tarfile.TarError, OSError, EOFError) as error:
            raise DamagedError(f"the parts of the backup cannot be told apart: {error}") from error
        reader.drain()
    return found.checked(reader.head.id)


def _source(reader: Reader) -> Any:
    """tarfile wants nothing of a stream but `read`."""
    return reader


class _Found:
    def __init__(self, sink: Sink, size: int, told: Told, file: IO[bytes]) -> None:
        self._sink, self._size, self._told, self._file = sink, size, told, file
        self._files: dict[str, FileFact] = {}
        self._database = hashlib.sha256()
        self._database_size = self._pieces = 0
        self._manifest: Manifest | None = None

    def take(self, tar: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        part = tar.extractfile(member) if member.isfile() else None
        if part is None:
            raise DamagedError(f"the backup holds something that no house has: {member.name[:80]!r}")
        if member.name == manifest.NAME:
            self._manifest = manifest.decode(part.read())
        elif member.name == f"{DATABASE}{self._pieces:06}":
            self._pieces += 1
            for chunk in self._chunks(part):
                self._database.update(chunk)
                self._database_size += len(chunk)
                self._sink.database(chunk)
        elif folders.is_ours(member.name):
            digest = hashlib.sha256()
            self._sink.file(member.name, member.size, self._hashing(part, digest))
            self._files[member.name] = FileFact(member.size, digest.hexdigest())
        else:
            raise DamagedError(f"the backup holds something that no house has: {member.name[:80]!r}")

    def _hashing(self, part: IO[bytes], digest: Any) -> Iterator[bytes]:
        for chunk in self._chunks(part):
            digest.update(chunk)
            yield chunk

    def _chunks(self, part: IO[bytes]) -> Iterator[bytes]:
        while chunk := part.read(_CHUNK):
            yield chunk
            self._told(self._file.tell(), self._size)

    def checked(self, head_id: str) -> Manifest:
        found = self._manifest
        if found is None or found.id != head_id:
            raise DamagedError("the backup does not say what it holds: it is not whole")
        if (found.database_size, found.database_sha256) != (self._database_size, self._database.hexdigest()):
            raise DamagedError("the database in the backup is not the one that was written")
        wrong = facts.differing(found.files, self._files)
        if wrong:
            raise DamagedError(f"{len(wrong)} files in the backup are not those that were written: {wrong[0]}")
        return found
