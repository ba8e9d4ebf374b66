"""Large changes, in the background."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, or_

from platform_core.contracts.events import Job
from platform_core.customers import slices
from platform_core.customers.bulk import services
from platform_core.customers.bulk.judging import EDIT
from platform_core.customers.bulk.models import BulkChange
from platform_core.kernel.clock import now
from platform_core.kernel.i18n import translator
from platform_core.kernel.jobs import JobContext, JobFailedError

_ = translator("customers")


def change(context: JobContext) -> None:
    """Goes on where an earlier run was stopped: only lines that still wait are looked at."""
    _run(context, "running", services.step_on)


def undo(context: JobContext) -> None:
    _run(context, "undoing", services.step_back)


def _run(context: JobContext, state: str, step: slices.Step) -> None:
    actor = context.actor
    if actor is None or not actor.may_enter(EDIT):
        raise JobFailedError(_("You may no longer change customers."))
    batch = (BulkChange, UUID(context.arguments["change_id"]))
    slices.run(context, actor, batch, state, step, _fares)


def _fares(found: BulkChange) -> tuple[int, int]:
    if found.state in {"undoing", "undone"}:
        return found.undone + found.kept, found.changed
    return found.changed + found.same + found.refused, found.total


def tidy(context: JobContext) -> None:
    """Drafts that nobody went on with, and what no way leads back from any more. Idempotent."""
    old = now() - services.WAY_BACK
    with context.database.system_session("forget changes of many customers") as session:
        over = or_(BulkChange.finished_at < old, (BulkChange.state == "draft") & (BulkChange.updated_at < old))
        session.execute(delete(BulkChange).where(over), execution_options={"synchronize_session": False})


JOBS = [
    Job("customers.bulk_change", change),
    Job("customers.bulk_undo", undo),
    Job("customers.bulk_tidy", tidy, every_seconds=24 * 3600),
]
