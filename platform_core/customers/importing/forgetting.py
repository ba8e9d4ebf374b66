"""Imports under way when a person is erased: uploaded files that hold them, or may, go as well as their rows.

Rows about the customer go by their declared references (customers/declared.py), and their tables lose the file. A table
that nobody has checked yet may hold anybody, so its upload expires and has to be sent again.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from platform_core.customers.importing import files
from platform_core.customers.importing.models import ImportBatch, ImportRow
from platform_core.kernel.clock import now
from platform_core.kernel.models import JobRow
from platform_core.kernel.scope import proven

_OPTIONS: dict[str, Any] = {
    "execution_options": {**proven("imports that hold an erased person"), "synchronize_session": False}
}
_UNREAD = ("uploaded", "checking")


def forget_person(session: Session, ids: Collection[UUID]) -> None:
    """Before the rows about these customers are deleted."""
    about = or_(ImportRow.customer_id.in_(ids), ImportRow.found_id.in_(ids))
    matched = select(ImportRow.batch_id).where(about)
    going = or_(
        ImportBatch.state.in_(_UNREAD),
        ImportBatch.state.in_(("checked", "importing", "cancelled")) & ImportBatch.id.in_(matched),
    )
    found = session.execute(select(ImportBatch).where(going), **_OPTIONS).scalars().all()
    jobs = [batch.job_id for batch in found if batch.state == "checking"]
    # The job first, as the job does it: neither waits for the other in a circle.
    session.execute(
        update(JobRow)
        .where(JobRow.id.in_(jobs), JobRow.state.in_(("pending", "running", "failed")))
        .values(state="cancelled", finished_at=now()),
        **_OPTIONS,
    )
    for batch in found:
        files.forget(session, batch.stored_as)
    mine = ImportBatch.id.in_([batch.id for batch in found])
    session.execute(update(ImportBatch).where(mine).values(samples=b""), **_OPTIONS)
    unread = [batch.id for batch in found if batch.state in _UNREAD]
    session.execute(update(ImportBatch).where(ImportBatch.id.in_(unread)).values(state="expired"), **_OPTIONS)
    session.execute(delete(ImportRow).where(ImportRow.batch_id.in_(unread)), **_OPTIONS)
