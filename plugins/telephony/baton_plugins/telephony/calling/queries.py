"""Reading lists of customers to call: all of them, how far each is, its lines, the scripts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from baton_plugins.telephony.calling.models import CallList, ListLine, Script
from sqlalchemy import func, select

from platform_core.api import Customer, Session, dictionaries, proven

PAGE = 40
OUTCOMES = "activities.outcome"
_NUMBERS = proven("how far a list is that the reader sees: numbers alone")


class Row(NamedTuple):
    """A line whose customer the reader sees."""

    line: ListLine
    name: str


@dataclass(frozen=True, slots=True)
class Progress:
    """`results`: (what came of it, number of customers), most first."""

    done: int
    under_way: int
    results: Sequence[tuple[str, int]]


def page_of(session: Session, before: UUID | None = None, limit: int = PAGE) -> tuple[list[CallList], UUID | None]:
    """Newest first, and the id to go on from."""
    statement = select(CallList).order_by(CallList.id.desc()).limit(limit + 1)
    found = list(session.scalars(statement.where(CallList.id < before) if before else statement))
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def done(session: Session, ids: Collection[UUID]) -> dict[UUID, int]:
    """List -> customers who have been called."""
    counted = select(ListLine.list_id, func.count()).where(ListLine.list_id.in_(ids), ListLine.state == "done")
    rows = session.execute(counted.group_by(ListLine.list_id), execution_options=_NUMBERS) if ids else ()
    return {row[0]: row[1] for row in rows}


def progress(session: Session, found: CallList) -> Progress:
    counted = select(ListLine.state, ListLine.outcome, func.count()).where(ListLine.list_id == found.id)
    rows = session.execute(counted.group_by(ListLine.state, ListLine.outcome), execution_options=_NUMBERS).all()
    results = [(outcome, number) for state, outcome, number in rows if state == "done"]
    results.sort(key=lambda one: (-one[1], one[0]))
    return Progress(
        sum(number for _outcome, number in results),
        sum(number for state, _outcome, number in rows if state == "taken"),
        [(dictionaries.label(session, OUTCOMES, code) if code else "", number) for code, number in results],
    )


def lines(session: Session, found: CallList, after: int = 0, limit: int = PAGE) -> tuple[list[Row], int]:
    """In the list's order, as far as the reader sees their customers, and the number to go on from (0: no more)."""
    statement = (
        select(ListLine, Customer.name)
        .join(Customer, Customer.id == ListLine.customer_id)
        .where(ListLine.list_id == found.id, ListLine.number > after)
        .order_by(ListLine.number)
        .limit(limit + 1)
    )
    rows = [Row(row[0], row[1]) for row in session.execute(statement)]
    return rows[:limit], rows[limit - 1].line.number if len(rows) > limit else 0


def scripts(session: Session) -> Sequence[Script]:
    """Those in use first."""
    return session.scalars(select(Script).order_by(Script.active.desc(), Script.name, Script.id).limit(100)).all()
