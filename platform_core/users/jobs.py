"""Housekeeping of sign-in."""

from __future__ import annotations

from platform_core.kernel.jobs import JobContext
from platform_core.users import sessions, throttle


def tidy(context: JobContext) -> None:
    """Delete ended sessions, spent codes and old throttle rows; what happened stays in the audit trail."""
    with context.database.system_session("tidy up sign-in") as session:
        sessions.forget_old(session)
        throttle.forget_old(session)
