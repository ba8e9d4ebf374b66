"""Large messages, put into the outbox in the background."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pluggy
from baton_plugins.sms.campaigns import services
from baton_plugins.sms.campaigns.models import Campaign
from baton_plugins.sms.campaigns.policies import MASS, SEND

from platform_core.api import Job, JobContext, JobFailedError, Setting, run_slices, translator

_ = translator("sms")
hookimpl = pluggy.HookimplMarker("baton")


def expand(context: JobContext) -> None:
    """Goes on where an earlier run was stopped: only lines that still wait are looked at."""
    batch = (Campaign, UUID(context.arguments["campaign_id"]))
    with context.database.system_session("is this message still to be sent?", write=False) as session:
        found = session.get(*batch)
        if found is None or found.state != "running" or found.job_id != context.job_id:
            return
    actor = context.actor
    if actor is None or not (actor.can(MASS) and actor.may_enter(SEND)):
        raise JobFailedError(_("Whoever prepared this message may no longer send it."))
    run_slices(context, actor, batch, "running", services.step_on, _fares)


def _fares(found: Campaign) -> tuple[int, int]:
    return found.queued + found.left_out, found.total


@hookimpl
def baton_jobs() -> list[Job]:
    return [Job(services.JOB, expand)]


@hookimpl
def baton_settings() -> list[Setting[Any]]:
    return [services.APPROVE_ABOVE]
