"""Heads of the chain outside the database: whoever rewrites trail and seals there does not reach them.

One line per seal, `number lines-until head sealed-at`, is appended to a file in the data folder and written to the log,
which production sends to another machine. Each process that seals keeps its file complete and compares it with the
database first, so that a chain that was made anew is noticed within a minute and not only when somebody verifies.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.audit import lines
from platform_core.audit.models import AuditSeal

NAME = "audit-seals.log"
_HEAD = re.compile(r"^(?:.*audit seal )?(\d+) (\d+) ([0-9a-f]{64})\b")
_AT_ONCE = 5000
_log = logging.getLogger("baton.audit")


@dataclass(frozen=True, slots=True)
class Anchor:
    number: int
    last_seq: int
    head: str


def path_in(data_dir: Path) -> Path:
    return data_dir / NAME


def read(path: Path) -> Iterator[Anchor]:
    """The heads of a file of anchors, or of a log that has them; other lines are passed over."""
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            if found := _HEAD.match(line):
                yield Anchor(int(found[1]), int(found[2]), found[3])


def differing(session: Session, anchors: list[Anchor]) -> list[Anchor]:
    """Anchors whose seal is missing in the database or is another one."""
    wrong = []
    for start in range(0, len(anchors), _AT_ONCE):
        part = anchors[start : start + _AT_ONCE]
        statement = select(AuditSeal.number, AuditSeal.head).where(
            AuditSeal.number.between(min(item.number for item in part), max(item.number for item in part))
        )
        heads = {number: bytes(head).hex() for number, head in session.execute(statement)}
        wrong += [item for item in part if heads.get(item.number) != item.head]
    return wrong


def last_line(path: Path) -> Anchor | None:
    """The last complete line; what a killed process left of one is not complete."""
    if not path.exists():
        return None
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - 4096))
        written = file.read().decode("utf-8", "replace").splitlines(keepends=True)
    for line in reversed(written):
        found = _HEAD.match(line)
        if found and line.endswith("\n"):
            return Anchor(int(found[1]), int(found[2]), found[3])
    return None


def keep(session: Session, path: Path) -> str:
    """Append the seals that the file lacks. Returns what is wrong, or ""; then nothing is appended."""
    last = last_line(path)
    if last is not None and differing(session, [last]):
        return f"seal {last.number} is not the one that was anchored in {path}: run baton audit verify"
    number = last.number if last else 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as file:
        if path.stat().st_size and not _ends_a_line(path):
            file.write(b"\n")
        while seals := _after(session, number):
            for seal in seals:
                words = f"{seal.number} {seal.last_seq} {bytes(seal.head).hex()} {lines.moment(seal.sealed_at)}Z"
                file.write(f"{words}\n".encode())
                _log.info("audit seal %s", words)
            number = seals[-1].number
        file.flush()
        os.fsync(file.fileno())
    return ""


def _after(session: Session, number: int) -> Sequence[AuditSeal]:
    statement = select(AuditSeal).where(AuditSeal.number > number).order_by(AuditSeal.number).limit(_AT_ONCE)
    return session.scalars(statement).all()


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
