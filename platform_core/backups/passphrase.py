"""The passphrase of backups: a file of its own, of mode 0600, that `baton backup key` makes."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from platform_core.backups.errors import BackupError

_SHORTEST = 20


def create(path: Path) -> None:
    """Write a new one. Raises BackupError where there is one: backups were made with it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        told = f"{path} is there already, and backups may need it; move it aside to have a new one made"
        raise BackupError(told) from error
    with os.fdopen(handle, "w") as file:
        file.write(f"{secrets.token_urlsafe(32)}\n")
        file.flush()
        os.fsync(file.fileno())


def read(path: Path) -> str:
    """Raises BackupError with what to do; its text holds no secret."""
    try:
        about = path.stat()
        text = path.read_text("utf-8").strip()
    except FileNotFoundError as error:
        raise BackupError(f"there is no passphrase for backups at {path}; run: baton backup key") from error
    except (OSError, UnicodeDecodeError) as error:
        raise BackupError(f"{path} cannot be read: {type(error).__name__}") from error
    if stat.S_IMODE(about.st_mode) & 0o077:
        raise BackupError(f"{path} can be read by others; run: chmod 600 {path}")
    if len(text) < _SHORTEST or len(set(text)) < _SHORTEST // 2:
        raise BackupError(f"the passphrase in {path} is too short or too simple: {_SHORTEST} characters at least")
    return text
