"""A copy of a SQLite database as it is at one moment, while others write, and putting one in its place.

The online backup in one step: measured under 300 writing transactions a second on 439 MB, writers waited 6 ms (p99) for
it and 16 ms for VACUUM INTO; in small steps it never ended.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

from platform_core.backups.errors import BackupError, DamagedError
from platform_core.backups.facts import Ask

_DRAFT = ".backup-draft"
_SIDES = ("", "-wal", "-shm", "-journal")


def path_of(url: str) -> Path:
    return Path(make_url(url).database or "").absolute()


def size_of(url: str) -> int:
    path = path_of(url)
    return sum(side.stat().st_size for name in _SIDES[:2] if (side := Path(f"{path}{name}")).exists())


@contextmanager
def copy_of(url: str) -> Iterator[Path]:
    """A file beside the database, where its clear text lies anyway; gone at the end, or at the next backup."""
    source = path_of(url)
    if not source.exists():
        raise BackupError(f"there is no database at {source}")
    draft = source.with_name(source.name + _DRAFT)
    _unlink(draft)
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with closing(sqlite3.connect(source, timeout=30)) as there, closing(sqlite3.connect(draft)) as here:
            there.backup(here, pages=-1)
            here.execute("PRAGMA journal_mode=DELETE")
        check(draft, "quick_check")
        yield draft
    finally:
        _unlink(draft)


def check(path: Path, pragma: str) -> None:
    """`quick_check` or `integrity_check`. Raises DamagedError with what SQLite says."""
    with reading(path) as ask:
        try:
            said = [str(row[0]) for row in ask(f"PRAGMA {pragma}")]
        except sqlite3.DatabaseError as error:
            said = [str(error)]
    if said != ["ok"]:
        raise DamagedError(f"the copy of the database is damaged: {'; '.join(said[:5])}")


def settle(path: Path) -> None:
    """Undo or finish what a process that was killed has left in its journal; nobody could read the file otherwise."""
    with closing(sqlite3.connect(path, timeout=30)) as connection:
        connection.execute("PRAGMA schema_version")


@contextmanager
def reading(path: Path) -> Iterator[Ask]:
    """Changes nothing; `settle` comes first where somebody may have died writing."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
        yield connection.execute


def tables(ask: Ask) -> list[str]:
    """Without those that a full-text index keeps for itself."""
    statement = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_'"
    rows = list(ask(statement))
    virtual = [name for name, sql in rows if str(sql).upper().startswith("CREATE VIRTUAL")]
    inner = {f"{name}_{part}" for name in virtual for part in ("data", "idx", "content", "docsize", "config")}
    return sorted(name for name, _sql in rows if name not in virtual and name not in inner)


def is_in_use(path: Path) -> bool:
    """Whether another process has it open: only the last one may leave the write-ahead log."""
    with closing(sqlite3.connect(path, timeout=0.2)) as connection:
        try:
            mode = connection.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
        except sqlite3.OperationalError:
            return True
    return str(mode) != "delete"


def orphans(ask: Ask) -> list[str]:
    """Rows whose parents are missing, as sentences."""
    return [f"a row of {row[0]} names a row of {row[2]} that is missing" for row in ask("PRAGMA foreign_key_check")]


def _unlink(path: Path) -> None:
    for side in _SIDES:
        Path(f"{path}{side}").unlink(missing_ok=True)
