"""What a process does every minute: seal, and put the heads where the database does not reach."""

from __future__ import annotations

import logging
from pathlib import Path

from sqlalchemy import select

from platform_core.audit import anchors, sealing
from platform_core.audit.models import AuditEntry
from platform_core.audit.services import record
from platform_core.kernel.database import Database

EVERY = 60
"""Seconds"""
ALARM = "audit.alarm"
_log = logging.getLogger("baton.audit")


class Keeper:
    """One per process. `trouble` says in a sentence why the chain is not what it was; "" while all is well."""

    def __init__(self, database: Database, data_dir: Path) -> None:
        self._database = database
        self._path = anchors.path_in(data_dir)
        self.trouble = ""

    def keep(self) -> sealing.Sealed:
        """Seal what is due and anchor it. Needs neither Redis nor a worker."""
        done = sealing.seal(self._database)
        with self._database.system_session("anchor the seals", write=False) as session:
            trouble = anchors.keep(session, self._path)
        if trouble and trouble != self.trouble:
            self._alarm(trouble)
        self.trouble = trouble
        return done

    def _alarm(self, trouble: str) -> None:
        """Loud once per process, in the log and in the trail, where the auditor finds it."""
        _log.error("audit alarm: %s", trouble)
        with self._database.system_session("audit alarm") as session:
            last = select(AuditEntry.reason).where(AuditEntry.action == ALARM).order_by(AuditEntry.at.desc()).limit(1)
            if session.scalar(last) != trouble:
                record(session, None, ALARM, result="failed", reason=trouble)
