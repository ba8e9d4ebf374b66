"""Does the trail still fit its seals? Says which line or seal was changed, removed or added."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, undefer

from platform_core.audit import anchors, digests, lines
from platform_core.audit.anchors import Anchor
from platform_core.audit.blanking import ACTION
from platform_core.audit.lines import Line
from platform_core.audit.models import AuditArchive, AuditEntry, AuditSeal
from platform_core.audit.sealing import PURPOSE
from platform_core.kernel.secrets import Vault

_SEALS = 200
_LINES = 20_000
"""Lines and seals that are held at once."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was sealed, in a sentence."""

    seal: int
    """0: of no single seal"""
    text: str


@dataclass(slots=True)
class Report:
    """`signed` counts seals whose signature fits; `waiting` lines have no seal yet."""

    findings: list[Finding] = field(default_factory=list)
    seals: int = 0
    lines: int = 0
    signed: int = 0
    blanked: int = 0
    archived: int = 0
    waiting: int = 0
    anchored: int = 0
    head: str = ""

    @property
    def ok(self) -> bool:
        return not self.findings


Progress = Callable[[int], object]
"""Told how many more lines have been looked at."""


def verify(
    session: Session, vault: Vault | None, *, anchored: Sequence[Anchor] = (), progress: Progress = lambda _lines: None
) -> Report:
    """Go through every seal and line. `vault` None: without the key file, signatures are not looked at."""
    report = Report()
    chain = Chain(report, vault)
    archives = _Archives(session)
    blanked = _Blanked(session, report)
    below = -1  # numbers up to here have been looked at
    for seals in _groups(_seals(session)):
        until = seals[-1].last_seq
        found = _Lines(lines.read(session, lines.TABLE.c.seq > below, lines.TABLE.c.seq <= until))
        for seal in seals:
            chain.follow(seal)
            mine = found.up_to(seal.last_seq)
            if seal.members is None or archives.took(seal, mine):
                archives.compare(report, seal, mine)
            else:
                chain.compare(seal, mine)
                blanked.look_at(seal.number, mine)
            progress(len(mine))
        below = max(below, until)
    chain.end()
    archives.check(report)
    report.waiting = session.scalar(select(func.count()).where(AuditEntry.seq > below)) or 0
    _check_anchors(session, report, anchored)
    return report


def total(session: Session) -> int:
    """How many lines there are to go through, as the seals say."""
    return session.scalar(select(func.sum(AuditSeal.lines)).where(AuditSeal.members.is_not(None))) or 0


def _seals(session: Session) -> Iterator[AuditSeal]:
    """Read in portions of their own statements: `members` is heavy."""
    number = -1
    statement = select(AuditSeal).options(undefer(AuditSeal.members)).order_by(AuditSeal.number).limit(_SEALS)
    while True:
        found = session.scalars(statement.where(AuditSeal.number > number)).all()
        yield from found
        if len(found) < _SEALS:
            return
        number = found[-1].number
        session.expunge_all()


def _groups(seals: Iterable[AuditSeal]) -> Iterator[list[AuditSeal]]:
    """Many small seals are looked at with one statement for their lines."""
    group: list[AuditSeal] = []
    lines = 0
    for seal in seals:
        group.append(seal)
        lines += seal.lines
        if lines >= _LINES or len(group) >= _SEALS:
            yield group
            group, lines = [], 0
    if group:
        yield group


class _Lines:
    """The lines of several seals in order, cut where asked."""

    def __init__(self, rows: Iterable[Line]) -> None:
        self._rows = iter(rows)
        self._next = next(self._rows, None)

    def up_to(self, seq: int) -> list[Line]:
        found = []
        while self._next is not None and self._next.seq <= seq:
            found.append(self._next)
            self._next = next(self._rows, None)
        return found


class Chain:
    """Follows the seals one by one; also those of an archive's file."""

    def __init__(self, report: Report, vault: Vault | None) -> None:
        self._report = report
        self._vault = vault
        self._last: Any = None
        self._unsigned: list[int] = []

    def follow(self, seal: Any, *, begins: bool = False) -> None:
        """`begins`: nothing is known of the seal before, as at the beginning of an archive."""
        number, last = seal.number, self._last
        expected = last.number + 1 if last is not None else 1
        if number != expected and not begins:
            lost = f"seal {expected} is" if number == expected + 1 else f"seals {expected} to {number - 1} are"
            self._say(expected, f"{lost} missing")
        elif not begins:
            previous = bytes(last.head) if last is not None else digests.FIRST
            if bytes(seal.previous) != previous:
                self._say(number, f"seal {number} does not follow on seal {number - 1}: one of them was replaced")
        if last is not None and seal.first_seq <= last.last_seq:
            self._say(number, f"seal {number} overlaps seal {last.number}")
        if digests.of_seal(seal) != bytes(seal.head):
            self._say(number, f"seal {number} itself was changed")
        if self._vault is not None:
            if self._vault.verify(PURPOSE, bytes(seal.head).hex(), seal.signature):
                self._report.signed += 1
            else:
                self._unsigned.append(number)
        self._last = seal
        self._report.seals += 1
        self._report.head = f"{number} {bytes(seal.head).hex()}"

    def compare(self, seal: Any, lines: Sequence[Line]) -> None:
        """The lines that are there with those that were sealed."""
        number = seal.number
        self._report.lines += len(lines)
        if digests.of_members(seal.members) != bytes(seal.root):
            self._say(number, f"the list of lines of seal {number} was changed")
        try:
            sealed = dict(digests.read_members(seal.members))
        except struct.error:
            sealed = {}
        if len(sealed) != seal.lines:
            self._say(number, f"the list of seal {number} has {len(sealed)} lines instead of {seal.lines}")
        for line in lines:
            expected = sealed.pop(line.seq, None)
            if expected is None:
                self._say(number, f"line {_called(line)} was added: seal {number} does not know it")
            elif expected != digests.of_line(line):
                self._say(number, f"line {_called(line)} was changed")
        for seq in sealed:
            self._say(number, f"line {seq} was removed")

    def end(self) -> None:
        """All signatures wrong is another key file; some wrong is somebody without it."""
        if not self._unsigned:
            return
        if not self._report.signed and self._report.seals == len(self._unsigned):
            self._say(
                0, "no seal was signed with this key file: the chain was made anew, or the key file is another one"
            )
            return
        for number in self._unsigned:
            self._say(number, f"seal {number} is not signed with this deployment's key: it was made by somebody else")

    def _say(self, seal: int, text: str) -> None:
        self._report.findings.append(Finding(seal, text))


def _called(line: Line) -> str:
    return f"{line.seq} ({line.action}, {line.at}Z, id {line.id})"


class _Archives:
    """Which seals may be without lines."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._rows = self._read()

    def _read(self) -> Sequence[AuditArchive]:
        return self._session.scalars(select(AuditArchive).order_by(AuditArchive.first_number)).all()

    def took(self, seal: AuditSeal, lines: Sequence[Line]) -> bool:
        """Whether the lines that are missing were archived while this verification was on its way."""
        if len(lines) >= seal.lines:
            return False
        gone = select(AuditSeal.members.is_(None)).where(AuditSeal.number == seal.number)
        if not self._session.scalar(gone):
            return False
        self._rows = self._read()
        return True

    def compare(self, report: Report, seal: AuditSeal, lines: Sequence[Line]) -> None:
        """A seal without a list of lines, with the archives and the lines that should not be there."""
        if any(row.first_number <= seal.number <= row.last_number for row in self._rows):
            report.archived += seal.lines
        else:
            report.findings.append(Finding(seal.number, f"the list of seal {seal.number} was removed without archive"))
        for line in lines:
            text = f"line {_called(line)} was added: the lines of seal {seal.number} were archived and removed"
            report.findings.append(Finding(seal.number, text))

    def check(self, report: Report) -> None:
        """Archives lie end to end: each was made of the oldest lines there were."""
        following = 1
        for row in self._rows:
            if row.first_number != following:
                text = f"the archive {row.file} begins with seal {row.first_number} instead of {following}"
                report.findings.append(Finding(row.first_number, text))
            following = row.last_number + 1


class _Blanked:
    """Lines that an erasure took the person out of: there must be the line of the erasure."""

    def __init__(self, session: Session, report: Report) -> None:
        self._session = session
        self._report = report
        self._labels: dict[UUID | str | None, str | None] = {}

    def look_at(self, seal: int, lines: Sequence[Line]) -> None:
        for line in lines:
            if line.blanked is not None:
                self._report.blanked += 1
                self._check(seal, line)

    def _check(self, seal: int, line: Line) -> None:
        label = self._label(line)
        if label is None:
            text = f"line {_called(line)} was emptied, and no erasure says why"
        elif line.reason or any((*line.before.values(), *line.after.values())) or line.entity_label not in ("", label):
            text = f"line {_called(line)} was changed after its person was erased"
        else:
            return
        self._report.findings.append(Finding(seal, text))

    def _label(self, line: Line) -> str | None:
        """What the line of the erasure calls the person: a customer, or a contact that belonged to none."""
        key = line.customer_id or line.entity_id
        if key not in self._labels:
            known = UUID(key) if isinstance(key, str) else key
            erased = (
                (AuditEntry.customer_id == known,)
                if line.customer_id
                else (AuditEntry.entity_id == known, AuditEntry.customer_id.is_(None))
            )
            statement = select(AuditEntry.entity_label).where(
                *erased, AuditEntry.action == ACTION, AuditEntry.blanked.is_(None)
            )
            self._labels[key] = self._session.scalar(statement.limit(1))
        return self._labels[key]


def _check_anchors(session: Session, report: Report, anchored: Sequence[Anchor]) -> None:
    """Heads that lie outside of the database: a chain that was made anew or cut off differs from them."""
    newest = session.scalar(select(func.max(AuditSeal.number))) or 0
    wrong = anchors.differing(session, list(anchored))
    lost = [item for item in wrong if item.number > newest]
    if lost:
        text = f"the trail ends at seal {newest}, but seal {lost[-1].number} was anchored: the end was cut off"
        report.findings.append(Finding(newest, text))
    for item in wrong:
        if item.number <= newest:
            text = f"seal {item.number} is not the one that was anchored: the chain was made anew from here or before"
            report.findings.append(Finding(item.number, text))
            break
    report.anchored = len(anchored) - len(wrong)
