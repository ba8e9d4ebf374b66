"""Archiving in the background, with its progress."""

from __future__ import annotations

from platform_core.audit import retention
from platform_core.contracts.events import Job
from platform_core.kernel.errors import BatonError
from platform_core.kernel.jobs import JobContext, JobFailedError

ARCHIVE = "audit.archive"
_STEP = 20_000


def archive(context: JobContext) -> None:
    """Arguments: `months` that are kept, `until` the last month that may go, `lines` that were announced."""
    months, until = int(context.arguments["months"]), str(context.arguments["until"])
    total = 2 * int(context.arguments["lines"])  # written, then removed
    done = reported = 0

    def told(lines: int) -> None:
        nonlocal done, reported
        done += lines
        if done - reported >= _STEP:
            _report(context, min(done, total), total)
            reported = done

    try:
        retention.archive(context.database, context.actor, months, until, told)
    except BatonError as error:
        raise JobFailedError(error.message) from error
    _report(context, total, total)


def _report(context: JobContext, done: int, total: int) -> None:
    with context.database.system_session("progress of archiving") as session:
        context.progress(session, done, total)


JOBS = [Job(ARCHIVE, archive, lease_seconds=300)]
