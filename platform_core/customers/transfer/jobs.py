"""Large transfers, in the background: a transaction for each slice, so that who is killed leaves whole customers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from platform_core.contracts.events import Job
from platform_core.contracts.identity import Actor
from platform_core.customers.transfer import rules, services
from platform_core.customers.transfer.models import Transfer
from platform_core.kernel.clock import now
from platform_core.kernel.i18n import speaking, translator
from platform_core.kernel.jobs import JobContext, JobFailedError
from platform_core.kernel.signals import signal

_ = translator("customers")
_DRAFT_LIFE = timedelta(days=7)
Step = Callable[[Session, Actor, Transfer], int]


def move(context: JobContext) -> None:
    """Goes on where an earlier run was stopped: only lines that still wait are looked at."""
    _run(context, "moving", services.move_slice)


def undo(context: JobContext) -> None:
    _run(context, "undoing", services.undo_slice)


def _run(context: JobContext, state: str, step: Step) -> None:
    actor = context.actor
    if actor is None or not rules.parties(actor):
        raise JobFailedError(_("You may no longer give customers to others."))
    while _slice(context, actor, state, step):
        pass


def _slice(context: JobContext, actor: Actor, state: str, step: Step) -> int:
    with speaking(actor.language), context.database.actor_session(actor) as session:
        key = UUID(context.arguments["transfer_id"])
        statement = select(Transfer).where(Transfer.id == key).with_for_update(of=Transfer)
        transfer = session.scalars(statement).one_or_none()
        if transfer is None or transfer.job_id != context.job_id or transfer.state != state:
            return 0
        number = step(session, actor, transfer)
        undoing = state == "undoing"
        done = transfer.undone + transfer.kept if undoing else transfer.moved + transfer.refused
        context.progress(session, done, transfer.moved if undoing else transfer.total)
        signal(session, actor.user_id, "job", str(context.job_id))
        return number


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
