"""What went wrong inside plugins while they run: counted, kept in memory at once and in the database soon after.

Noting must not write: on SQLite the request that a hook failed in may hold the one write lock. So each process keeps
what it noted until its next tick, and pages show the rows of all processes.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import jinja2
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from platform_core.kernel.clock import now
from platform_core.kernel.database import Database
from platform_core.kernel.models import PluginFault
from platform_core.plugins import places

_log = logging.getLogger(__name__)
FRESH = timedelta(minutes=10)
"""How long `/healthz` speaks of a fault that does not come again."""
KEPT = timedelta(days=30)
_MOST_WAITING = 200


class StoppedError(BaseException):
    """Raised inside a plugin's code that has run past its limit. Not an Exception: that would be caught too often."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure. `kind` is hook, job, listener, page, template, migration or scope; `name` says which."""

    owner: str
    kind: str
    name: str
    error: str
    """Class of the exception, or in words what happened."""
    place: str
    at: datetime
    code: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.error}" + (f" ({self.place})" if self.place else "")


class FaultBook:
    """The faults of one process."""

    def __init__(self, package_of: Callable[[str], str]) -> None:
        self._package_of = package_of
        self._waiting: deque[Fault] = deque(maxlen=_MOST_WAITING)
        self._latest: dict[str, deque[Fault]] = {}
        self._lock = threading.Lock()

    def note(self, owner: str, kind: str, name: str, error: BaseException | str) -> Fault:
        """Write it down and into the log. The text of an exception is kept only where it can but be about code."""
        package = self._package_of(owner)
        if isinstance(error, str):
            fault = Fault(owner, kind, name[:120], error[:300], "", now())
        else:
            place, code = places.of_error(error, package)[-200:], places.code_at(error, package)
            fault = Fault(owner, kind, name[:120], _words(error), place, now(), code)
        with self._lock:
            self._waiting.append(fault)
            self._latest.setdefault(owner, deque(maxlen=20)).append(fault)
        _log.error("plugin %s: %s", owner, fault, exc_info=error if isinstance(error, BaseException) else None)
        return fault

    def latest(self, owner: str) -> list[Fault]:
        """Of this process, newest last."""
        return list(self._latest.get(owner, ()))

    def drop(self, owner: str) -> None:
        """Those of this process, seen to by an administrator; also those that are not in the database yet."""
        with self._lock:
            self._latest.pop(owner, None)
            kept = [fault for fault in self._waiting if fault.owner != owner]
            self._waiting.clear()
            self._waiting.extend(kept)

    def fresh(self) -> dict[str, Fault]:
        """Owner -> newest fault of the last minutes, of this process."""
        since = now() - FRESH
        return {owner: faults[-1] for owner, faults in list(self._latest.items()) if faults[-1].at > since}

    def save(self, database: Database) -> int:
        """Move what waits into the database. Returns how many faults there were; without any, it reads nothing."""
        if not self._waiting:
            return 0
        with database.system_session("faults of plugins") as session:
            number = self.save_in(session)
            session.execute(delete(PluginFault).where(PluginFault.last_at < now() - KEPT))
        return number

    def save_in(self, session: Session) -> int:
        """The same within a transaction that may write anyway."""
        with self._lock:
            waiting = list(self._waiting)
            self._waiting.clear()
        for fault in waiting:
            _keep(session, fault)
        return len(waiting)


def _words(error: BaseException) -> str:
    name = type(error).__name__
    telling = isinstance(error, (*places.TELLING, jinja2.TemplateError)) and not isinstance(error, UnicodeError)
    return f"{name}: {error}"[:300] if telling else name


def _keep(session: Session, fault: Fault) -> None:
    known = {name: getattr(fault, name) for name in ("owner", "kind", "name", "error", "place")}
    same = [getattr(PluginFault, name) == value for name, value in known.items()]
    again = update(PluginFault).where(*same).values(count=PluginFault.count + 1, last_at=fault.at, code=fault.code)
    if session.execute(again).rowcount:  # type: ignore[attr-defined]
        return
    row = PluginFault(**known, code=fault.code, count=1, first_at=fault.at, last_at=fault.at)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # another process has just met the same
        session.execute(again)


def kept(session: Session, owner: str, limit: int = 20) -> list[PluginFault]:
    """An owner's faults in all processes, the latest first."""
    statement = select(PluginFault).where(PluginFault.owner == owner)
    return list(session.scalars(statement.order_by(PluginFault.last_at.desc()).limit(limit)))


def recent(session: Session, owner: str) -> list[PluginFault]:
    """An owner's faults of the last day in all processes."""
    return [row for row in kept(session, owner) if row.last_at > now() - timedelta(days=1)]


def fresh(session: Session) -> dict[str, str]:
    """Owner -> its latest fault in any process within the last minutes."""
    statement = select(PluginFault).where(PluginFault.last_at > now() - FRESH).order_by(PluginFault.last_at)
    return {row.owner: described(row) for row in session.scalars(statement)}


def counts(session: Session) -> dict[str, int]:
    """Owner -> how often something failed within the last day."""
    recent = PluginFault.last_at > now() - timedelta(days=1)
    rows = session.execute(
        select(PluginFault.owner, func.sum(PluginFault.count)).where(recent).group_by(PluginFault.owner)
    )
    return {owner: int(number) for owner, number in rows}


def forget(session: Session, owner: str) -> int:
    """An administrator has seen to them. Returns how many lines went."""
    gone = session.execute(delete(PluginFault).where(PluginFault.owner == owner))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def mended(session: Session, owners: list[str]) -> None:
    """Their migrations have run through."""
    session.execute(delete(PluginFault).where(PluginFault.owner.in_(owners), PluginFault.kind == "migration"))


def described(row: PluginFault) -> str:
    place = f" ({row.place})" if row.place else ""
    return f"{row.kind} {row.name}: {row.error}{place}"
