"""How long the record of finished background work is kept. Scheduled jobs end thousands of times a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import msgspec
from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.events import Job
from platform_core.contracts.identity import Actor
from platform_core.contracts.plugin import Setting
from platform_core.kernel import settingvalues
from platform_core.kernel.clock import now
from platform_core.kernel.errors import Forbidden
from platform_core.kernel.i18n import translator
from platform_core.kernel.jobs import JobContext
from platform_core.kernel.models import JobRow

_ = translator("admin")
DAYS = Setting("admin.jobs_kept_days", _.lazy("Days that finished background work is kept"), 90)
SCHEDULED_DAYS = 3
"""Of what the schedule began, and nobody waits for."""
FAILED_DAYS = 365
"""What failed for good may still be run again: transfers and imports go on where they stopped."""
_SLICE = 1000


class Kept(msgspec.Struct, kw_only=True):
    days: Annotated[int, msgspec.Meta(ge=1, le=3650)]


def change(session: Session, actor: Actor, data: Kept) -> None:
    if not actor.can("admin.jobs"):
        raise Forbidden(lacks="admin.jobs")
    before = settingvalues.read(session, DAYS)
    if before != data.days:
        settingvalues.write(session, DAYS, data.days)
        audit.record(session, actor, "admin.keep_jobs", before={"days": before}, after={"days": data.days})


def forget(context: JobContext) -> None:
    """Slice by slice, each in a transaction of its own, so that nobody waits for it."""
    with context.database.system_session("how long is finished work kept?", write=False) as session:
        over = _over(settingvalues.read(session, DAYS))
    while True:
        with context.database.system_session("forget finished work") as session:
            some = select(JobRow.id).where(over, JobRow.id != context.job_id).limit(_SLICE)
            gone = session.execute(delete(JobRow).where(JobRow.id.in_(some.scalar_subquery())))
        if gone.rowcount < _SLICE:  # type: ignore[attr-defined]
            return


def _over(days: int) -> ColumnElement[bool]:
    moment = now()

    def ended(state: tuple[str, ...], kept: int) -> ColumnElement[bool]:
        limit = moment - timedelta(days=kept)
        # A job ends after it may begin: the second condition is what the index is entered with.
        return and_(JobRow.state.in_(state), JobRow.not_before < limit, JobRow.finished_at < limit)

    finished = ("done", "cancelled")
    return or_(
        ended(finished, days),
        and_(ended(finished, min(days, SCHEDULED_DAYS)), JobRow.user_id.is_(None)),
        ended(("failed",), max(days, FAILED_DAYS)),
    )


JOBS = [Job("admin.forget_jobs", forget, every_seconds=3600)]
