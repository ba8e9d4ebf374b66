"""Reading changes of many rows: the list of them, and the receipt row by row."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from platform_core.customers.bulk.judging import OWN, view_of
from platform_core.customers.bulk.models import RUNNING, BulkChange, BulkLine
from platform_core.kernel.models import JobRow


def page_of(session: Session, before: UUID | None = None, limit: int = 30) -> tuple[list[BulkChange], UUID | None]:
    """Newest first, and the id to go on from."""
    statement = select(BulkChange).order_by(BulkChange.id.desc()).limit(limit + 1)
    found = list(session.scalars(statement.where(BulkChange.id < before) if before else statement))
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def shown_lines(session: Session, change: BulkChange, after: int = 0, limit: int = 100) -> tuple[list[Any], int]:
    """(number, row_id, name, note, state, why) of rows that the reader sees; of a draft those that stay."""
    view, changes = view_of(change.view)
    name = getattr(view.model, view.row_name).label("name")
    note = (literal("") if changes.note is None else changes.note).label("note")
    mine = select(BulkLine.number, BulkLine.row_id, name, note, BulkLine.state, BulkLine.why)
    mine = mine.join(view.model, view.model.id == BulkLine.row_id)
    mine = mine.where(BulkLine.change_id == change.id, BulkLine.number > after).order_by(BulkLine.number)
    rows = list(session.execute((mine.where(BulkLine.why != "") if change.state == "draft" else mine).limit(limit + 1)))
    return rows[:limit], rows[limit - 1].number if len(rows) > limit else 0


def counted(session: Session, change: BulkChange) -> dict[str, int]:
    """Why rows stayed, and how many for each reason."""
    reasons = select(BulkLine.why, func.count()).where(BulkLine.change_id == change.id, BulkLine.why != "")
    rows = session.execute(reasons.group_by(BulkLine.why), execution_options=OWN)
    return {row[0]: row[1] for row in rows}


def job_of(session: Session, change: BulkChange) -> JobRow | None:
    return session.get(JobRow, change.job_id) if change.job_id and change.state in RUNNING else None
