"""Uploaded tables on disk: below the data folder, under random names, readable by this account only."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from sqlalchemy.orm import Session

from platform_core.customers.importing.rows import cell_text
from platform_core.kernel.cells import Reported
from platform_core.kernel.database import Database, database_of
from platform_core.kernel.i18n import noop, translator
from platform_core.kernel.spreadsheets import DEFAULT_LIMITS, FileError, open_table
from platform_core.kernel.unitofwork import on_commit
from platform_core.kernel.xlsxguard import MB, file_error

LIMITS = DEFAULT_LIMITS
NO_FILE = Reported("no_file", noop("Choose a file first."))
_CHUNK = MB
_SAMPLES = 3
_SAMPLE_CHARS = 60


@dataclass(slots=True)
class Received:
    """An upload that was stored and read, or why it was refused (then nothing is stored)."""

    filename: str = ""
    stored_as: str = ""
    size: int = 0
    headers: list[str] = field(default_factory=list)
    samples: list[list[str]] = field(default_factory=list)
    rows: int = 0
    error: Reported | None = None


def folder_of(database: Database) -> Path:
    """Made on first use."""
    assert database.files is not None, "the platform has not said where files go"
    folder = database.files.with_name("uploads")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def path_of(database: Database, stored_as: str) -> Path:
    return folder_of(database) / stored_as


def receive(database: Database, upload: Any | None) -> Received:
    """Store and check an upload (litestar UploadFile). Takes seconds for a big one: not inside a transaction."""
    if upload is None:
        return Received(error=NO_FILE)
    filename = Path(str(upload.filename)).name[-200:]
    stored_as = f"{secrets.token_hex(16)}.upload"
    path = path_of(database, stored_as)
    try:
        size = _store(upload.file, path)
        table = open_table(path, filename, limits=LIMITS)
        samples = _samples(table.rows(), len(table.headers))
    except FileError as error:
        path.unlink(missing_ok=True)
        return Received(error=error)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Received(filename, stored_as, size, table.headers, samples, table.row_count_hint)


def discard(database: Database, received: Received) -> None:
    """For an upload whose batch was not saved."""
    if received.stored_as:
        path_of(database, received.stored_as).unlink(missing_ok=True)


def forget(session: Session, stored_as: str) -> None:
    """Remove a file once the transaction has committed."""
    on_commit(session, path_of(database_of(session), stored_as).unlink, missing_ok=True)


def explain(error: Reported) -> str:
    """The sentence in the reader's language."""
    text = translator("customers" if error is NO_FILE else "kernel")(error.message_id)
    return text % error.params if error.params else text


def too_large() -> FileError:
    return file_error("too_large", limit=LIMITS.bytes // MB)


def sealed(samples: list[list[str]]) -> str:
    return msgspec.json.encode(samples).decode()


def unsealed(text: str) -> list[list[str]]:
    return msgspec.json.decode(text, type=list[list[str]])


def _store(source: BinaryIO, path: Path) -> int:
    """Bytes written; at most a chunk of them is in memory. Raises FileError beyond the limit."""
    size = 0
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as target:
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            if size > LIMITS.bytes:
                raise too_large()
            target.write(chunk)
    return size


def _samples(rows: Any, width: int) -> list[list[str]]:
    """For each column the first cells that hold something."""
    found: list[list[str]] = [[] for _column in range(width)]
    for place, (_number, cells) in enumerate(rows):
        for column, cell in enumerate(cells[:width]):
            text = cell_text(cell)[:_SAMPLE_CHARS]
            if text and len(found[column]) < _SAMPLES:
                found[column].append(text)
        if place >= 50 or all(len(column) == _SAMPLES for column in found):
            break
    return found
