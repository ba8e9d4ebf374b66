"""Scheduled jobs: one row per job, claimed by a conditional update, so any number of processes may try."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update

from platform_core.contracts.events import ClockTime, Job
from platform_core.kernel.clock import at_local, local, now
from platform_core.kernel.database import Database
from platform_core.kernel.jobs import enqueue
from platform_core.kernel.models import ScheduleRow

LATE = timedelta(minutes=10)
"""A time of day that is longer ago was missed: it comes only for jobs that catch up."""
_INSTANT = timedelta(microseconds=1)


class Scheduler:
    """Enqueues the jobs that are due; `tick` is cheap enough to run every second."""

    def __init__(self, database: Database, jobs: Callable[[], Iterable[Job]]) -> None:
        self._database = database
        self._jobs = jobs

    def tick(self) -> int:
        """Returns how many jobs were enqueued."""
        scheduled = {job.name: job for job in self._jobs() if job.is_scheduled}
        with self._database.system_session("read the schedule", write=False) as session:
            known = {row.job: row.next_run for row in session.scalars(select(ScheduleRow))}
        moment = now()
        return sum(self._take(job, known.get(name), moment) for name, job in scheduled.items())

    def _take(self, job: Job, planned: datetime | None, moment: datetime) -> bool:
        """Whether this process was the one to enqueue it."""
        if planned is not None and planned > moment and _as_declared(job, planned, moment):
            return False
        with self._database.system_session("claim a scheduled job") as session:
            if planned is None and session.get(ScheduleRow, job.name) is None:
                session.add(ScheduleRow(job=job.name, next_run=_following(job, moment)))
                return False
            claimed = session.execute(
                update(ScheduleRow)
                .where(ScheduleRow.job == job.name, ScheduleRow.next_run == planned)
                .values(next_run=_following(job, moment))
            )
            if planned is None or claimed.rowcount != 1:  # type: ignore[attr-defined]
                return False
            is_missed = bool(job.at) and not job.catch_up and moment - planned > LATE
            if planned > moment or is_missed:
                return False
            enqueue(session, job.name)
            return True


def _following(job: Job, moment: datetime) -> datetime:
    return next_time(job.at, moment) if job.at else moment + timedelta(seconds=job.every_seconds or 0)


def _as_declared(job: Job, planned: datetime, moment: datetime) -> bool:
    """False when the run was planned for other times, in another zone, or before the clock was put back.

    A job of every minute must not wait for the hour that comes again.
    """
    if not job.at:
        return planned <= moment + timedelta(seconds=job.every_seconds or 0)
    return next_time(job.at, planned - _INSTANT) == planned


def next_time(times: Sequence[ClockTime], moment: datetime) -> datetime:
    """The first of these times of day after `moment`, in UTC."""
    today = local(moment).date()
    days = [today + timedelta(days=number) for number in range(-1, 9)]
    candidates = [
        at_local(day, when.hour, when.minute)
        for when in times
        for day in days
        if not when.weekdays or day.weekday() in when.weekdays
    ]
    return min(found for found in candidates if found > moment)
