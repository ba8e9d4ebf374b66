"""Every night a backup, every Sunday the newest one tried out: where `baton backup key` was run."""

from __future__ import annotations

import logging
import time
from typing import Any

from platform_core.audit import services as audit
from platform_core.backups import making, places, verifying
from platform_core.backups.errors import BackupError
from platform_core.backups.making import Place
from platform_core.backups.places import Backup
from platform_core.contracts.events import ClockTime, Job
from platform_core.contracts.plugin import Setting
from platform_core.kernel import settingvalues
from platform_core.kernel.clock import now
from platform_core.kernel.database import Database
from platform_core.kernel.i18n import translator
from platform_core.kernel.jobs import JobContext, JobFailedError

_ = translator("backups")
_log = logging.getLogger(__name__)
_TELL = 5.0
"""Seconds between two reports of progress"""


def _check_days(days: int) -> str:
    return "" if 1 <= days <= 3650 else str(_("Between 1 and 3,650 days."))


NIGHTLY = Setting(
    "backups.nightly", _.lazy("Make a backup every night"), True,
    help=_.lazy("Once the operator has run `baton backup key`, and not before."),
)  # fmt: skip
WEEKLY = Setting(
    "backups.verify_weekly", _.lazy("Try the newest backup out every Sunday"), True,
    help=_.lazy("It is restored into a scratch place and compared with what it should hold."),
)  # fmt: skip
DAYS = Setting(
    "backups.keep_days", _.lazy("Days of which every backup is kept"), 14, check=_check_days,
    help=_.lazy("Beyond them one of each of 8 weeks and of 12 months is kept."),
)  # fmt: skip
SETTINGS: list[Setting[Any]] = [NIGHTLY, WEEKLY, DAYS]


def nightly(context: JobContext) -> None:
    """A backup, then the old ones go."""
    place = _asked_for(context, NIGHTLY)
    if place is not None:
        try:
            made = making.make(context.database, place, _Progress(context))
        except BackupError as error:
            raise JobFailedError(str(error)) from error
        _log.info("backup %s: %s bytes, SHA-256 %s", made.path.name, made.size, made.sha256)
        prune(context.database, place)


def weekly(context: JobContext) -> None:
    """A backup that does not come back as it was is a failed job, and a line in the log."""
    place = _asked_for(context, WEEKLY)
    newest = next(iter(places.known(place.folder)), None) if place else None
    if place is None or newest is None:
        return
    try:
        _manifest, proof = verifying.verify(place, newest.path, database=context.database, told=_Progress(context))
    except BackupError as error:
        raise JobFailedError(str(error)) from error
    if proof.findings:
        raise JobFailedError(f"{newest.path.name}: {proof.findings[0]}")


def superfluous(database: Database, place: Place) -> list[Backup]:
    """What may go, as the house has set it."""
    with database.system_session("which backups are kept?", write=False) as session:
        days = settingvalues.read(session, DAYS)
    return places.superfluous(places.known(place.folder), days, now())


def prune(database: Database, place: Place) -> list[str]:
    """Remove what is superfluous. Returns the names."""
    with places.alone(place.folder):
        gone = superfluous(database, place)
        for backup in gone:
            places.remove(backup)
    names = [backup.path.name for backup in gone]
    if names:
        with database.system_session("old backups were removed") as session:
            audit.record(session, None, "backups.prune", after={"files": names})
    return names


def _asked_for(context: JobContext, setting: Setting[bool]) -> Place | None:
    place = context.database.place
    assert isinstance(place, Place)
    with context.database.system_session("are backups asked for?", write=False) as session:
        wanted = settingvalues.read(session, setting)
    return place if wanted and place.passphrase_file.exists() else None


class _Progress:
    """Renews the job's lease while gigabytes pass."""

    def __init__(self, context: JobContext) -> None:
        self._context = context
        self._next = 0.0

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _TELL
            megabyte = 1024 * 1024
            with self._context.database.system_session("progress of a backup") as session:
                self._context.progress(session, done // megabyte, total // megabyte)


JOBS = [
    Job("backups.nightly", nightly, at=(ClockTime(2, 30),), catch_up=True, lease_seconds=900, max_attempts=3),
    Job("backups.weekly", weekly, at=(ClockTime(4, 0, (6,)),), catch_up=True, lease_seconds=900, max_attempts=3),
]
