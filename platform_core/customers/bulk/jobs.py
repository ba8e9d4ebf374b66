"""Large changes, in the background."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, or_

from platform_core.contracts.events import Job
from platform_core.contracts.identity import Actor
from platform_core.customers import slices
from platform_core.customers.bulk import judging, services
from platform_core.customers.bulk.models import BulkChange
from platform_core.kernel.clock import now
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.jobs import JobContext, JobFailedError

_ = translator("customers")


def change(context: JobContext) -> None:
    """Goes on where an earlier run was stopped: only lines that still wait are looked at."""
    _run(context, "running", services.step_on)


def undo(context: JobContext) -> None:
    _run(context, "undoing", services.step_back)


def _run(context: JobContext, state: str, step: slices.Step) -> None:
    actor, key = context.actor, UUID(context.arguments["change_id"])
    if actor is None or not _may(context, actor, key):
        raise JobFailedError(_("You may no longer change these."))
    batch = (BulkChange, key)
    slices.run(context, actor, batch, state, step, _fares)


def _may(context: JobContext, actor: Actor, key: UUID) -> bool:
    """The list is still there, and the right without which nobody begins."""
    with context.database.actor_session(actor) as session:
        found = session.get(BulkChange, key)
        try:
            return found is not None and actor.may_enter(judging.view_of(found.view)[1].edit)
        except NotFound:
            return False


def _fares(found: BulkChange) -> tuple[int, int]:
    if found.state in {"undoing", "undone"}:
        return found.undone + found.kept, found.changed
    return found.changed + found.same + found.refused, found.total


def tidy(context: JobContext) -> None:
    """Drafts that nobody went on with, and what no way leads back from any more. Idempotent."""
    old = now() - services.WAY_BACK
    with context.database.system_session("forget changes of many rows") as session:
        over = or_(BulkChange.finished_at < old, (BulkChange.state == "draft") & (BulkChange.updated_at < old))
        session.execute(delete(BulkChange).where(over), execution_options={"synchronize_session": False})


JOBS = [
    Job("customers.bulk_change", change),
    Job("customers.bulk_undo", undo),
    Job("customers.bulk_tidy", tidy, every_seconds=24 * 3600),
]
