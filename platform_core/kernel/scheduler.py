"""Scheduled jobs: one row per job, claimed by a conditional update, so any number of processes may try."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

from sqlalchemy import select, update

from platform_core.contracts.events import Job
from platform_core.kernel.clock import now
from platform_core.kernel.database import Database
from platform_core.kernel.jobs import enqueue
from platform_core.kernel.models import ScheduleRow


class Scheduler:
    """Enqueues the jobs that are due; `tick` is cheap enough to run every second."""

    def __init__(self, database: Database, jobs: Callable[[], Iterable[Job]]) -> None:
        self._database = database
        self._jobs = jobs

    def tick(self) -> int:
        """Returns how many jobs were enqueued."""
        started = 0
        scheduled = {job.name: job for job in self._jobs() if job.every_seconds}
        with self._database.system_session("read the schedule", write=False) as session:
            known = {row.job: row.next_run for row in session.scalars(select(ScheduleRow))}
        moment = now()
        for name, job in scheduled.items():
            if name in known and known[name] > moment:
                continue
            with self._database.system_session("claim a scheduled job") as session:
                following = moment + timedelta(seconds=job.every_seconds or 0)
                if name not in known and session.get(ScheduleRow, name) is None:
                    session.add(ScheduleRow(job=name, next_run=following))
                    continue
                claimed = session.execute(
                    update(ScheduleRow)
                    .where(ScheduleRow.job == name, ScheduleRow.next_run <= moment)
                    .values(next_run=following)
                )
                if claimed.rowcount == 1:  # type: ignore[attr-defined]
                    enqueue(session, name)
                    started += 1
        return started
