"""What is forgotten by the clock."""

from __future__ import annotations

from datetime import timedelta

import pluggy
from baton_plugins.telephony import dialling, lapsing
from baton_plugins.telephony.declared import KEEP_CALLS, KEEP_HEARD
from baton_plugins.telephony.models import Call, Heard
from sqlalchemy import delete

from platform_core.api import ClockTime, Job, JobContext, now, read_setting

hookimpl = pluggy.HookimplMarker("baton")


def forget(context: JobContext) -> None:
    """Delete calls and reports of devices that are older than the settings say."""
    with context.database.system_session("telephony: forget old calls") as session:
        moment = now()
        session.execute(
            delete(Call).where(Call.started_at < moment - timedelta(days=read_setting(session, KEEP_CALLS)))
        )
        session.execute(delete(Heard).where(Heard.at < moment - timedelta(days=read_setting(session, KEEP_HEARD))))
        dialling.forget(session)


@hookimpl
def baton_jobs() -> list[Job]:
    return [Job("telephony.forget", forget, at=(ClockTime(3, 40),), catch_up=True), lapsing.JOB]
