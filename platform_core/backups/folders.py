"""Files beside the database: which of them belong to a house, and reading them while people add and remove some.

A file is written before its row is committed and removed after. So what is there is read first, then the moment of
the database is taken, then at once what has come since; what a row names is in the backup, unless somebody added and
removed it in these seconds.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

FOLDERS = ("files", "uploads", "audit-archives")
"""Below the data folder. Neither keys nor backups are among them."""
ANCHORS = "audit-seals.log"


def walk(data_dir: Path) -> Iterator[str]:
    """Paths below the data folder, in order; drafts are left out, and whatever is no plain file."""
    for folder in FOLDERS:
        for place, folders, names in os.walk(data_dir / folder):
            folders.sort()
            for name in sorted(names):
                path = Path(place, name)
                if not name.endswith(".part") and _is_plain(path):
                    yield path.relative_to(data_dir).as_posix()


def anchors(data_dir: Path) -> list[str]:
    """Read before the database, so that they name no seal that it does not have."""
    return [ANCHORS] if _is_plain(data_dir / ANCHORS) else []


def size_of(data_dir: Path) -> int:
    return sum(_size(data_dir / name) for name in walk(data_dir))


def is_ours(name: str) -> bool:
    """Whether a name in a backup is one that `walk` would have given."""
    parts = name.split("/")
    return name == ANCHORS or (
        len(parts) > 1 and parts[0] in FOLDERS and all(part not in {"", ".", ".."} for part in parts)
    )


def held(data_dir: Path) -> int:
    """How many files a house has."""
    return sum(1 for _name in walk(data_dir))


def _is_plain(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return 0
