"""Forgetting what imports leave behind: files after a week at most, the rows' clear text with the way back."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, or_, select, update

from platform_core.customers.importing import files
from platform_core.customers.importing.batches import WAY_BACK
from platform_core.customers.importing.models import UNFINISHED, ImportBatch, ImportRow
from platform_core.kernel.clock import now
from platform_core.kernel.jobs import JobContext

_FILE_LIFE = timedelta(days=7)
_ORPHAN_LIFE = timedelta(days=1)
_PLAIN = {"synchronize_session": False}


def tidy(context: JobContext) -> None:
    """Idempotent: what is gone is gone."""
    moment = now()
    with context.database.system_session("expire imports that nobody finished") as session:
        waiting = ("uploaded", "checked")
        old = select(ImportBatch.id).where(ImportBatch.state.in_(waiting), ImportBatch.updated_at < moment - _FILE_LIFE)
        expired = list(session.scalars(old))
        session.execute(
            update(ImportBatch).where(ImportBatch.id.in_(expired)).values(state="expired", samples=b""),
            execution_options=_PLAIN,
        )
        over = or_(ImportBatch.state == "expired", ImportBatch.finished_at < moment - WAY_BACK)
        session.execute(
            delete(ImportRow).where(ImportRow.batch_id.in_(select(ImportBatch.id).where(over))),
            execution_options=_PLAIN,
        )
        needed = set(session.scalars(select(ImportBatch.stored_as).where(ImportBatch.state.in_(UNFINISHED))))
    for path in files.folder_of(context.database).glob("*.upload"):
        # A file without a batch may be of an upload that is being read at this moment.
        if path.name not in needed and path.stat().st_mtime < (moment - _ORPHAN_LIFE).timestamp():
            path.unlink(missing_ok=True)
