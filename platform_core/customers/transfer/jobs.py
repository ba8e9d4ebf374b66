"""Large transfers, in the background: a transaction for each slice, so that who is killed leaves whole customers."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete

from platform_core.contracts.events import Job
from platform_core.customers import slices
from platform_core.customers.transfer import rules, services
from platform_core.customers.transfer.models import Transfer
from platform_core.kernel.clock import now
from platform_core.kernel.i18n import translator
from platform_core.kernel.jobs import JobContext, JobFailedError

_ = translator("customers")
_DRAFT_LIFE = timedelta(days=7)


def move(context: JobContext) -> None:
    """Goes on where an earlier run was stopped: only lines that still wait are looked at."""
    _run(context, "moving", services.move_slice)


def undo(context: JobContext) -> None:
    _run(context, "undoing", services.undo_slice)


def _run(context: JobContext, state: str, step: slices.Step) -> None:
    actor = context.actor
    if actor is None or not rules.parties(actor):
        raise JobFailedError(_("You may no longer give customers to others."))
    batch = (Transfer, UUID(context.arguments["transfer_id"]))
    slices.run(context, actor, batch, state, step, _fares)


def _fares(transfer: Transfer) -> tuple[int, int]:
    if transfer.state in {"undoing", "undone"}:
        return transfer.undone + transfer.kept, transfer.moved
    return transfer.moved + transfer.refused, transfer.total


def tidy(context: JobContext) -> None:
    """Drafts that nobody went on with. Idempotent."""
    with context.database.system_session("forget drafts of transfers") as session:
        old = delete(Transfer).where(Transfer.state == "draft", Transfer.updated_at < now() - _DRAFT_LIFE)
        session.execute(old, execution_options={"synchronize_session": False})


JOBS = [
    Job("customers.transfer", move),
    Job("customers.transfer_undo", undo),
    Job("customers.transfer_tidy", tidy, every_seconds=24 * 3600),
]
