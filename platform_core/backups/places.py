"""Where backups lie, which of them there are, and which are old enough to go."""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from platform_core.backups.errors import BackupError
from platform_core.kernel.clock import local, now

_NAME = re.compile(r"baton-(\d{8}T\d{6}Z)-[0-9a-f]{6}\.backup")
_STAMP = "%Y%m%dT%H%M%SZ"
WEEKS = 8
MONTHS = 12


@dataclass(frozen=True, slots=True)
class Backup:
    """A whole file; `verified_at`: when it was last tried out, and `how`: `restored` or `read`."""

    path: Path
    made_at: datetime
    size: int
    verified_at: datetime | None = None
    how: str = ""


def name_for(moment: datetime) -> str:
    return f"baton-{moment.astimezone(UTC):{_STAMP}}-{secrets.token_hex(3)}.backup"


def prepare(folder: Path) -> None:
    """Readable by this account alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One process makes or tries backups at a time; what killed ones left behind is swept away first."""
    prepare(folder)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupError("another backup is being made or verified") from error
        for draft in folder.glob("*.part"):
            draft.unlink()
        yield


def known(folder: Path) -> list[Backup]:
    """Newest first; drafts do not count."""
    found = []
    for path in folder.glob("baton-*.backup") if folder.is_dir() else ():
        if match := _NAME.fullmatch(path.name):
            made_at = datetime.strptime(match[1], _STAMP).replace(tzinfo=UTC)
            verified_at, how = _verified(path)
            found.append(Backup(path, made_at, path.stat().st_size, verified_at, how))
    return sorted(found, key=lambda backup: (backup.made_at, backup.path.name), reverse=True)


def _note(path: Path) -> Path:
    return path.with_suffix(".verified")


def _verified(path: Path) -> tuple[datetime | None, str]:
    try:
        told = json.loads(_note(path).read_text())
        about = path.stat()
        if (told["size"], told["changed"]) != (about.st_size, about.st_mtime_ns):
            return None, ""  # the file is another one since
        return datetime.fromisoformat(told["at"]), str(told["how"])
    except (OSError, ValueError, KeyError, TypeError):
        return None, ""


def mark_verified(path: Path, how: str) -> None:
    if how == "read" and _verified(path)[1] == "restored":
        return  # more is known of it
    about = path.stat()
    told = {"at": now().isoformat(), "how": how, "size": about.st_size, "changed": about.st_mtime_ns}
    draft = _note(path).with_suffix(".part")
    draft.write_text(json.dumps(told))
    draft.replace(_note(path))


def mark_bad(path: Path) -> None:
    _note(path).unlink(missing_ok=True)


def superfluous(backups: Sequence[Backup], days: int, moment: datetime) -> list[Backup]:
    """What may go.

    Kept are all of the last `days` days, the last of each of 8 weeks and of 12 months, and in any case the newest one
    and the newest one that was verified.
    """
    kept: set[Path] = set()
    weeks: dict[str, Path] = {}
    months: dict[str, Path] = {}
    for backup in sorted(backups, key=lambda item: item.made_at, reverse=True):
        day = local(backup.made_at)
        age = (local(moment).date() - day.date()).days
        if age < days:
            kept.add(backup.path)
        if age < WEEKS * 7:
            weeks.setdefault(f"{day:%G-%V}", backup.path)
        if age < MONTHS * 31:
            months.setdefault(f"{day:%Y-%m}", backup.path)
    kept |= {*weeks.values(), *months.values()}
    newest = max(backups, key=lambda item: item.made_at, default=None)
    proven = max((item for item in backups if item.verified_at), key=lambda item: item.made_at, default=None)
    kept |= {item.path for item in (newest, proven) if item}
    return [backup for backup in backups if backup.path not in kept]


def remove(backup: Backup) -> None:
    backup.path.unlink(missing_ok=True)
    _note(backup.path).unlink(missing_ok=True)


def sync(folder: Path) -> None:
    """A rename is safe from a power cut once its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
