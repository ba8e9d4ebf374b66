"""Background work. A row in `core_job` is the record; a dramatiq message only says "look at row X".

Lost messages, killed workers and a flushed Redis therefore lose nothing: the sweep finds pending rows and rows whose
lease ran out. Jobs must be idempotent, since a killed worker's job runs again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from platform_core.contracts.events import Job
from platform_core.contracts.identity import Actor
from platform_core.kernel.clock import now
from platform_core.kernel.database import Database
from platform_core.kernel.models import JobRow
from platform_core.kernel.signals import signal
from platform_core.kernel.unitofwork import on_commit

_log = logging.getLogger(__name__)
_wake: list[Callable[[UUID], None]] = []


class LostLeaseError(RuntimeError):
    """Another worker took the job over; this one must stop without touching anything."""


class JobFailedError(Exception):
    """The job cannot succeed by trying again; the message is shown to whoever started it."""


def wake_through(wake: Callable[[UUID], None] | None) -> None:
    """How a committed job's id reaches a worker; None leaves it to the sweep."""
    _wake[:] = [wake] if wake else []


def enqueue(
    session: Session, name: str, arguments: dict[str, Any] | None = None, *, user_id: UUID | None = None
) -> UUID:
    """Add a job to the caller's transaction. `arguments` are ids, codes and numbers only: they land in a table."""
    row = JobRow(name=name, owner=name.partition(".")[0], arguments=arguments or {}, user_id=user_id)
    session.add(row)
    session.flush()  # the id is needed before commit: it is the caller's handle on the progress
    on_commit(session, _wake_worker, row.id)
    return row.id


def _wake_worker(job_id: UUID) -> None:
    for wake in _wake:
        wake(job_id)


@dataclass(slots=True)
class JobContext:
    """What a running job gets: its arguments, the rights of whoever started it, and a way to report."""

    database: Database
    job_id: UUID
    arguments: dict[str, Any]
    fence: int
    lease: timedelta
    actor: Actor | None

    def progress(self, session: Session, done: int, total: int, message: str = "") -> None:
        """Record progress in the job's own transaction and renew the lease. Raises LostLeaseError when it is gone."""
        changed = session.execute(
            update(JobRow)
            .where(JobRow.id == self.job_id, JobRow.fence == self.fence, JobRow.state == "running")
            .values(done=done, total=total, message=message, lease_until=now() + self.lease)
        )
        if changed.rowcount != 1:  # type: ignore[attr-defined]
            message = f"job {self.job_id} was taken over or cancelled"
            raise LostLeaseError(message)
        self.announce(session)

    def announce(self, session: Session) -> None:
        """Pages of whoever started it look again after commit."""
        if self.actor is not None:
            signal(session, self.actor.user_id, "job", str(self.job_id))


class JobRunner:
    """Claims, runs and settles jobs; used by workers, by the embedded threads and inline by tests."""

    def __init__(
        self,
        database: Database,
        find: Callable[[str], Job | None],
        load_actor: Callable[[Session, UUID], Actor | None],
        *,
        owners: Callable[[], frozenset[str]] | None = None,
        on_fault: Callable[[str, BaseException | str], None] | None = None,
    ) -> None:
        """`owners`: whose jobs may run; those of others wait. `on_fault` hears of a job that failed by itself."""
        self._database = database
        self._find = find
        self._load_actor = load_actor
        self._owners = owners
        self._on_fault = on_fault
        self._here: set[UUID] = set()
        """Jobs on threads of this process: one that hangs past its lease must not take thread after thread."""

    def run(self, job_id: UUID) -> bool:
        """Run one job if it is due and nobody else holds it. Returns whether it ran."""
        if job_id in self._here:
            self._warn_of_hanging(job_id)
            return False
        self._here.add(job_id)
        try:
            return self._run(job_id)
        finally:
            self._here.discard(job_id)

    def _warn_of_hanging(self, job_id: UUID) -> None:
        with self._database.system_session("a job that hangs", write=False) as session:
            row = session.get(JobRow, job_id)
        if row is not None and row.state == "running" and row.lease_until and row.lease_until < now():
            self._report(row.name, "runs past its lease without reporting progress")

    def _report(self, name: str, error: BaseException | str) -> None:
        if self._on_fault is not None:
            self._on_fault(name, error)

    def _run(self, job_id: UUID) -> bool:
        with self._database.system_session("claim a job") as session:
            row = session.get(JobRow, job_id)
            job = self._find(row.name) if row else None
            if row is None or job is None:
                return False  # unknown or switched off: the row waits, the sweep tries again
            claimed = session.execute(
                update(JobRow)
                .where(JobRow.id == job_id, JobRow.not_before <= now(), _claimable())
                .values(
                    state="running",
                    attempts=JobRow.attempts + 1,
                    fence=JobRow.fence + 1,
                    lease_until=now() + timedelta(seconds=job.lease_seconds),
                )
                .execution_options(synchronize_session=False)
            )
            if claimed.rowcount != 1:  # type: ignore[attr-defined]
                return False
            session.refresh(row)
            actor = self._load_actor(session, row.user_id) if row.user_id else None
            orphaned = row.user_id is not None and actor is None
        lease = timedelta(seconds=job.lease_seconds)
        context = JobContext(self._database, job_id, dict(row.arguments), row.fence, lease, actor)
        try:
            if orphaned:
                message = "the account that started this job may no longer act"
                raise JobFailedError(message)  # noqa: TRY301  one place settles every outcome
            job.run(context)
        except LostLeaseError:
            _log.warning("job %s lost its lease", job_id)
        except JobFailedError as error:
            self._settle(context, "failed", str(error))
        except (Exception, SystemExit) as error:
            _log.exception("job %s (%s) failed", job_id, row.name)
            self._retry(context, job, row.attempts, error)
            self._report(row.name, error)
        else:
            self._settle(context, "done", None)
        return True

    def _settle(self, context: JobContext, state: str, message: str | None) -> None:
        values: dict[str, Any] = {"state": state, "finished_at": now(), "lease_until": None}
        if message is not None:
            values["message"] = message
        with self._database.system_session("settle a job") as session:
            session.execute(
                update(JobRow).where(JobRow.id == context.job_id, JobRow.fence == context.fence).values(**values)
            )
            context.announce(session)

    def _retry(self, context: JobContext, job: Job, attempts: int, error: BaseException) -> None:
        if attempts >= job.max_attempts:
            # The class says enough; the text of an exception may hold customer data.
            self._settle(context, "failed", type(error).__name__)
            return
        with self._database.system_session("retry a job") as session:
            session.execute(
                update(JobRow)
                .where(JobRow.id == context.job_id, JobRow.fence == context.fence)
                .values(state="pending", not_before=now() + timedelta(seconds=5 * 4**attempts), lease_until=None)
            )

    def due(self, limit: int = 200) -> list[UUID]:
        """Jobs that should be running but are not: never woken, wake-up lost, or worker killed."""
        statement = (
            select(JobRow.id)
            .where(JobRow.not_before <= now(), _claimable(), JobRow.state.in_(["pending", "running"]))
            .order_by(JobRow.not_before)
            .limit(limit)
        )
        if self._owners is not None:  # what waits for a plugin to be switched on must not hide the rest
            statement = statement.where(JobRow.owner.in_(sorted(self._owners())))
        with self._database.system_session("sweep jobs", write=False) as session:
            return list(session.scalars(statement))


def _claimable() -> Any:
    return or_(JobRow.state == "pending", (JobRow.state == "running") & (JobRow.lease_until < now()))
