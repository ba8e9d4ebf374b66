"""What a database says of itself at one moment, asked of its driver: the tables may be older than this program."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from platform_core.backups.manifest import SealHead
from platform_core.plugins.migrations import VERSION_TABLE

Ask = Callable[[str], Iterable[tuple[Any, ...]]]
"""A statement -> its rows"""


def counts(ask: Ask, tables: Iterable[str]) -> dict[str, int]:
    return {name: int(_one(ask, f'SELECT count(*) FROM "{name}"')) for name in tables}  # noqa: S608  the database's own


def revisions(ask: Ask, tables: Iterable[str]) -> dict[str, str]:
    """Owner -> the revision that its tables are at."""
    found = {}
    for name in tables:
        if name.startswith(VERSION_TABLE):
            rows = list(ask(f'SELECT version_num FROM "{name}"'))  # noqa: S608  the database's own
            if rows:
                found[name.removeprefix(VERSION_TABLE)] = str(rows[0][0])
    return found


def seal(ask: Ask, tables: Iterable[str]) -> SealHead | None:
    if "audit_seal" not in set(tables):
        return None
    rows = list(ask("SELECT number, head, last_seq FROM audit_seal ORDER BY number DESC LIMIT 1"))
    return SealHead(int(rows[0][0]), bytes(rows[0][1]).hex(), int(rows[0][2])) if rows else None


def stored_files(ask: Ask, tables: Iterable[str]) -> dict[str, tuple[int, str]]:
    """`files/…` -> (size, SHA-256), as the rows of attachments have it."""
    if "customers_attachment" not in set(tables):
        return {}
    rows = ask("SELECT stored_as, size, sha256 FROM customers_attachment")
    return {f"files/{stored_as}": (int(size), str(sha256)) for stored_as, size, sha256 in rows}


def differing(expected: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Keys that are missing, too many or of another value, each with both."""
    return [
        f"{name}: {found.get(name, 'missing')} instead of {expected.get(name, 'none')}"
        for name in sorted({*expected, *found})
        if expected.get(name) != found.get(name)
    ]


def _one(ask: Ask, statement: str) -> Any:
    return next(iter(ask(statement)))[0]
