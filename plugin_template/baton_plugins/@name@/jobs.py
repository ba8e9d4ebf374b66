"""Background work. A job may run twice, after a worker was killed: it must do no harm then."""

from __future__ import annotations

from datetime import timedelta

import pluggy
from platform_core.api import ClockTime, Job, JobContext, now, read_setting
from sqlalchemy import delete

from baton_plugins.@name@.models import Entry
from baton_plugins.@name@.settings import KEEP_DAYS

hookimpl = pluggy.HookimplMarker("baton")


def tidy(context: JobContext) -> None:
    """Remove empty entries that have been there for long."""
    with context.database.system_session("@name@: remove empty entries") as session:
        before = now() - timedelta(days=read_setting(session, KEEP_DAYS))
        session.execute(delete(Entry).where(Entry.amount == 0, Entry.note == "", Entry.updated_at < before))


@hookimpl
def baton_jobs() -> list[Job]:
    return [Job("@name@.tidy", tidy, at=(ClockTime(3, 30),))]
