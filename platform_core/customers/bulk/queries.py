"""Reading changes of many customers: the list of them, and the receipt customer by customer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from platform_core.customers.bulk.judging import OWN
from platform_core.customers.bulk.models import RUNNING, BulkChange, BulkLine
from platform_core.customers.models import Customer
from platform_core.kernel.models import JobRow


def page_of(session: Session, before: UUID | None = None, limit: int = 30) -> tuple[list[BulkChange], UUID | None]:
    """Newest first, and the id to go on from."""
    statement = select(BulkChange).order_by(BulkChange.id.desc()).limit(limit + 1)
    found = list(session.scalars(statement.where(BulkChange.id < before) if before else statement))
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def shown_lines(session: Session, change: BulkChange, after: int = 0, limit: int = 100) -> tuple[list[Any], int]:
    """(number, customer_id, name, code, state, why) of customers that the reader sees; of a draft those that stay."""
    columns = (BulkLine.number, BulkLine.customer_id, Customer.name, Customer.code, BulkLine.state, BulkLine.why)
    mine = select(*columns).join(Customer, Customer.id == BulkLine.customer_id)
    mine = mine.where(BulkLine.change_id == change.id, BulkLine.number > after).order_by(BulkLine.number)
    rows = list(session.execute((mine.where(BulkLine.why != "") if change.state == "draft" else mine).limit(limit + 1)))
    return rows[:limit], rows[limit - 1].number if len(rows) > limit else 0


def counted(session: Session, change: BulkChange) -> dict[str, int]:
    """Why customers stayed, and how many for each reason."""
    reasons = select(BulkLine.why, func.count()).where(BulkLine.change_id == change.id, BulkLine.why != "")
    rows = session.execute(reasons.group_by(BulkLine.why), execution_options=OWN)
    return {row[0]: row[1] for row in rows}


def job_of(session: Session, change: BulkChange) -> JobRow | None:
    return session.get(JobRow, change.job_id) if change.job_id and change.state in RUNNING else None
