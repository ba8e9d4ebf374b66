"""Forgetting whom somebody has opened once nobody decides about it any more; the audit trail knows for longer."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from platform_core.caps.models import Opened
from platform_core.kernel.clock import today
from platform_core.kernel.jobs import JobContext

KEPT_DAYS = 92


def tidy(context: JobContext) -> None:
    limit = today() - timedelta(days=KEPT_DAYS)
    with context.database.system_session("forget who opened whom") as session:
        session.execute(delete(Opened).where(Opened.day < limit))
