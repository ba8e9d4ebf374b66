"""Large merges, in the background, and when their way back is forgotten."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, select

from platform_core.admin.merging import services
from platform_core.contracts.events import Job
from platform_core.customers import slices
from platform_core.kernel.clock import now
from platform_core.kernel.i18n import translator
from platform_core.kernel.jobs import JobContext, JobFailedError
from platform_core.kernel.models import DictionaryMerge, DictionaryMergeLine

_ = translator("admin")
_SLICE = 5000


def merge(context: JobContext) -> None:
    """Goes on where an earlier run was stopped."""
    _run(context, "running", services.step_on)


def unmerge(context: JobContext) -> None:
    _run(context, "undoing", services.step_back)


def _run(context: JobContext, state: str, step: slices.Step) -> None:
    actor = context.actor
    if actor is None or not actor.can(services.RIGHT):
        raise JobFailedError(_("You may no longer keep dictionaries."))
    slices.run(context, actor, (DictionaryMerge, UUID(context.arguments["merge_id"])), state, step, _fares)


def _fares(found: DictionaryMerge) -> tuple[int, int]:
    if found.state in {"undoing", "undone"}:
        return found.undone + found.kept, found.moved
    return found.moved, max(found.moved, found.total)


def tidy(context: JobContext) -> None:
    """Lines of merges that no way leads back from any more. The merges themselves stay. Idempotent."""
    over = DictionaryMerge.finished_at < now() - services.WAY_BACK
    while True:
        with context.database.system_session("forget rows of merges") as session:
            some = (
                select(DictionaryMergeLine.merge_id, DictionaryMergeLine.number)
                .join(DictionaryMerge, DictionaryMerge.id == DictionaryMergeLine.merge_id)
                .where(over)
                .limit(1)
            )
            first = session.execute(some).first()
            if first is None:
                return
            session.execute(
                delete(DictionaryMergeLine).where(
                    DictionaryMergeLine.merge_id == first.merge_id,
                    DictionaryMergeLine.number.between(first.number, first.number + _SLICE),
                )
            )


JOBS = [
    Job("admin.merge_entry", merge),
    Job("admin.unmerge_entry", unmerge),
    Job("admin.merge_tidy", tidy, every_seconds=24 * 3600),
]
