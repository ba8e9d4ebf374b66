"""Old months leave the table: first into a file that can be verified, then for good. What remains stays one chain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, undefer

from platform_core.audit import archives, lines, sealing
from platform_core.audit.lines import Line
from platform_core.audit.models import AuditArchive, AuditEntry, AuditSeal
from platform_core.audit.services import record
from platform_core.audit.verifying import Chain, Report
from platform_core.contracts.identity import Actor
from platform_core.kernel.clock import day_start, now, today
from platform_core.kernel.database import Database, files_of, vault_of
from platform_core.kernel.errors import Conflict
from platform_core.kernel.i18n import translator

_ = translator("audit")
LEAST = 6
"""Months that are kept whatever anybody says: the law (Cybersecurity Law of the PRC, article 21), and the triggers."""
USUAL = 36
MOST = 600
FOLDER = "audit-archives"
Told = Callable[[int], object]
"""Told how many more lines have been written or removed."""


@dataclass(slots=True)
class Month:
    """Seals whose lines are all of this month or older."""

    month: str
    first_number: int
    last_number: int
    first_seq: int
    last_seq: int
    lines: int

    @property
    def file(self) -> str:
        return f"audit-{self.month}_seals-{self.first_number}-{self.last_number}.jsonl.gz"


def cut(months: int) -> date:
    """The first day that is kept: whole months, not counting the one that runs."""
    now_ = today()
    count = now_.year * 12 + now_.month - 1 - months
    return date(count // 12, count % 12 + 1, 1)


def old(session: Session, months: int, *, until: str = "9999-12") -> list[Month]:
    """What archiving would take: whole months before those that are kept, oldest first, at most up to `until`."""
    edge = day_start(cut(max(months, LEAST)))
    first_kept = session.scalar(select(func.min(AuditSeal.number)).where(AuditSeal.last_at >= edge))
    statement = (
        select(AuditSeal.number, AuditSeal.first_seq, AuditSeal.last_seq, AuditSeal.lines, AuditSeal.last_at)
        .where(AuditSeal.members.is_not(None), ~_is_archived())
        .order_by(AuditSeal.number)
    )
    if first_kept is not None:
        statement = statement.where(AuditSeal.number < first_kept)
    found: list[Month] = []
    for row in session.execute(statement):
        month = sealing.month(lines.moment(row.last_at))
        if found and month <= found[-1].month:  # a clock that went back makes no second month
            found[-1].last_number, found[-1].last_seq = row.number, row.last_seq
            found[-1].lines += row.lines
        else:
            found.append(Month(month, row.number, row.number, row.first_seq, row.last_seq, row.lines))
    return [month for month in found if month.month <= until]


def _is_archived() -> Any:
    return (
        select(AuditArchive.first_number)
        .where(AuditSeal.number.between(AuditArchive.first_number, AuditArchive.last_number))
        .exists()
    )


@dataclass(frozen=True, slots=True)
class Overview:
    oldest: datetime | None
    sealed_until: datetime | None
    sealed_lines: int
    archives: Sequence[AuditArchive]


def overview(session: Session) -> Overview:
    sealed = session.execute(
        select(func.max(AuditSeal.last_at), func.sum(AuditSeal.lines)).where(AuditSeal.members.is_not(None))
    ).one()
    files = session.scalars(select(AuditArchive).order_by(AuditArchive.first_number.desc())).all()
    return Overview(session.scalar(select(func.min(AuditEntry.at))), sealed[0], sealed[1] or 0, files)


def folder_of(session: Session) -> Path:
    return files_of(session).with_name(FOLDER)


def archive(
    database: Database, actor: Actor | None, months: int, until: str, told: Told = lambda _lines: None
) -> list[Month]:
    """Archive and remove what is older than `months` months, at most up to the month `until`.

    Killed at any moment, it goes on where it was when it is called again: a file counts once its row is there, and a
    line goes only then. Raises Conflict when lines are not what was sealed; then they stay where they are.
    """
    _finish(database, told)
    with database.system_session("what is old?", write=False) as session:
        found = old(session, months, until=until)
        folder, vault = folder_of(session), vault_of(session)
    for month in found:
        path = folder / month.file
        _write(database, path, month, told)
        report, heads = archives.verify(path, vault)
        if not report.ok or report.lines != month.lines or len(heads) != month.last_number - month.first_number + 1:
            path.unlink()
            raise Conflict(
                _("The archive of %(month)s is not what was sealed; nothing was removed.", month=month.month)
            )
        with database.system_session("an archive is complete") as session:
            _remember(session, actor, month, archives.sha256(path))
        _finish(database, told)
    return found


def _write(database: Database, path: Path, month: Month, told: Told) -> None:
    with database.system_session("archive old lines", write=False) as session:
        archives.write(path, month.month, _batches(session, month, told))


def _batches(session: Session, month: Month, told: Told) -> Iterator[tuple[AuditSeal, list[Line]]]:
    """The seals of a month with their lines. Raises Conflict at the first that is not what was sealed."""
    seq = lines.TABLE.c.seq
    below = session.scalar(select(AuditSeal.last_seq).where(AuditSeal.number == month.first_number - 1)) or -1
    for number in range(month.first_number, month.last_number + 1):
        seal = session.get(AuditSeal, number, options=[undefer(AuditSeal.members)])
        if seal is None or seal.members is None:
            raise Conflict(_("Seal %(number)d is missing: run baton audit verify.", number=number))
        found = list(lines.read(session, seq > below, seq <= seal.last_seq))
        report = Report()
        Chain(report, None).compare(seal, found)
        if not report.ok:
            message = _("The audit trail was tampered with; nothing was removed. Run baton audit verify.")
            raise Conflict(f"{message} {report.findings[0].text}")
        yield seal, found
        told(len(found))
        below = seal.last_seq
        session.expunge(seal)


def _remember(session: Session, actor: Actor | None, month: Month, digest: str) -> None:
    session.add(
        AuditArchive(
            first_number=month.first_number, last_number=month.last_number, first_seq=month.first_seq,
            last_seq=month.last_seq, month=month.month, lines=month.lines, file=month.file, sha256=digest, at=now(),
            by_id=actor.user_id if actor else None, by_label=actor.name if actor else "",
        )
    )  # fmt: skip
    after = {"month": month.month, "lines": month.lines, "file": month.file, "sha256": digest}
    record(session, actor, "audit.archive", after=after)


def _finish(database: Database, told: Told) -> None:
    """Remove lines that lie in an archive, one seal at a time: each is whole or gone."""
    with database.system_session("what was archived?", write=False) as session:
        numbers = session.execute(
            select(AuditSeal.number, AuditSeal.first_seq, AuditSeal.last_seq, AuditSeal.lines)
            .where(AuditSeal.members.is_not(None), _is_archived())
            .order_by(AuditSeal.number)
        ).all()
    options = {"synchronize_session": False}
    for number, first_seq, last_seq, count in numbers:
        with database.system_session("remove archived lines") as session:
            mine = AuditEntry.seq.between(first_seq, last_seq)
            session.execute(delete(AuditEntry).where(mine), execution_options=options)
            emptied = update(AuditSeal).where(AuditSeal.number == number).values(members=None)
            session.execute(emptied, execution_options=options)
        told(count)
