"""Sealing: every minute, what has been written since becomes a link of a hash chain (docs/security/audit.md).

Nothing of it is in the way of those who write: lines are read without a lock, and one short transaction adds the seal.
A process that dies in between has sealed nothing; of two that seal at once, one finds the number taken.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from platform_core.audit import digests, lines
from platform_core.audit.lines import Line
from platform_core.audit.models import AuditEntry, AuditSeal
from platform_core.kernel.clock import local, now, zone
from platform_core.kernel.database import Database, vault_of
from platform_core.kernel.scope import proven

BATCH = 5000
"""Lines of one seal, at most."""
MOST = 40
"""Seals of one run, at most: a long trail that was never sealed is done in many runs."""
PURPOSE = "audit seal"
_PATIENCE = 5.0
"""Seconds to wait for transactions under way; a longer one is waited for in the next run."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sealed:
    """What one run did. `complete`: nothing was left that could have been sealed."""

    seals: int
    lines: int
    complete: bool


def seal(database: Database, *, most: int = MOST, batch: int = BATCH, patience: float = _PATIENCE) -> Sealed:
    """Seal the lines that are certain by now."""
    with database.system_session("seal: how far is the trail certain?", write=False) as session:
        last = latest(session)
        until = certain(session, patience=patience)
    seals = sealed = 0
    while seals < most and until > (last.last_seq if last else -1):
        with database.system_session("seal: read the lines", write=False) as session:
            found = _next(session, last, until, batch)
            if not found:
                break
            made = _made(session, last, found)
        if not _add(database, made):
            return Sealed(seals, sealed, complete=False)  # somebody else is at it
        last = made
        seals, sealed = seals + 1, sealed + made.lines
    return Sealed(seals, sealed, complete=seals < most)


def latest(session: Session) -> AuditSeal | None:
    return session.scalars(select(AuditSeal).order_by(AuditSeal.number.desc()).limit(1)).first()


def certain(session: Session, *, patience: float = _PATIENCE) -> int:
    """The number up to which no line can appear any more; -1 while a transaction under way forbids to say.

    On PostgreSQL lines appear in another order than they are numbered. A line's number is younger than its transaction:
    below a number that can be seen nothing comes any more once every transaction that ran at that moment has ended.
    Those are the ones numbered before a number taken now. (The xmax of a snapshot is not that: it follows the newest
    transaction that has *ended*, and passes over those under way that began after it.)
    """
    until = session.scalar(select(func.coalesce(func.max(AuditEntry.seq), -1))) or 0
    if session.get_bind().dialect.name == "sqlite":
        return until
    under_way = proven("transactions under way")
    horizon = session.scalar(text("SELECT pg_current_xact_id()::text::bigint"), execution_options=under_way)
    oldest = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    deadline = time.monotonic() + patience
    while session.scalar(oldest, execution_options=under_way) < horizon:
        if time.monotonic() > deadline:
            _log.warning("the audit trail is not sealed yet: a transaction has been running for long")
            return -1
        time.sleep(0.02)
    return until


def _next(session: Session, last: AuditSeal | None, until: int, batch: int) -> Sequence[Line]:
    """The lines of the next seal: of one month of the organisation, so that months can be archived whole."""
    seq = lines.TABLE.c.seq
    found = lines.read(session, seq <= until, *([seq > last.last_seq] if last else []), limit=batch)
    for number, line in enumerate(found):
        if month(line.at) != month(found[0].at):
            return found[:number]
    return found


def month(at: str) -> str:
    """Of the organisation, such as `2026-11`. `at` as `lines.moment` writes it."""
    return _month_of_minute(at[:16], str(zone()))


@lru_cache(maxsize=4096)
def _month_of_minute(minute: str, _zone: str) -> str:

    return f"{local(datetime.fromisoformat(minute).replace(tzinfo=UTC)):%Y-%m}"


def _made(session: Session, last: AuditSeal | None, rows: Sequence[Line]) -> AuditSeal:
    packed = digests.members((row.seq, digests.of_line(row)) for row in rows)
    made = AuditSeal(
        number=last.number + 1 if last else 1,
        first_seq=rows[0].seq,
        last_seq=rows[-1].seq,
        lines=len(rows),
        first_at=_instant(min(row.at for row in rows)),
        last_at=_instant(max(row.at for row in rows)),
        sealed_at=now(),
        members=packed,
        root=digests.of_members(packed),
        previous=last.head if last else digests.FIRST,
    )
    made.head = digests.of_seal(made)
    made.signature = vault_of(session).sign(PURPOSE, made.head.hex())
    return made


def _instant(at: str) -> datetime:
    return datetime.fromisoformat(at).replace(tzinfo=UTC)


def _add(database: Database, made: AuditSeal) -> bool:
    try:
        with database.system_session("seal: add the seal") as session:
            session.add(made)
    except IntegrityError:
        return False
    return True
