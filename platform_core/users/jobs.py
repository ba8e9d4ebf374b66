"""Housekeeping of sign-in."""

from __future__ import annotations

from platform_core.kernel.jobs import JobContext
from platform_core.users import authenticators, devices, keyhelp, sessions, throttle
from platform_core.web import answers


def tidy(context: JobContext) -> None:
    """Delete ended sessions, spent codes, old throttle rows and kept answers; the audit trail keeps what happened."""
    with context.database.system_session("tidy up sign-in") as session:
        sessions.forget_old(session)
        throttle.forget_old(session)
        authenticators.forget_old(session)
        devices.forget_old(session)
        keyhelp.forget_old(session)
        answers.forget_old(session)
