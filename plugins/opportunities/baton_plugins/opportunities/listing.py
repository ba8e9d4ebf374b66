"""Pages of opportunities and contracts for programs, and the sums that the list and the forecast show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from baton_plugins.opportunities.models import Contract, Opportunity, ProjectType
from sqlalchemy import BigInteger, ColumnElement, and_, case, extract, func, or_, select, type_coerce

from platform_core.api import Customer, Session, decode_cursor, encode_cursor

PAGE = 50
STAGES = ("open", "won", "lost")


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is narrowed to; empty values do not narrow."""

    stage: str = ""
    type: str = ""
    """Code of a project type."""
    customer_id: UUID | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.stage:
            found.append(Opportunity.stage == self.stage)
        if self.type:
            kind = select(ProjectType.id).where(ProjectType.code == self.type).scalar_subquery()
            found.append(Opportunity.project_type_id == kind)
        if self.customer_id:
            found.append(Opportunity.customer_id == self.customer_id)
        return found


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of the list."""

    opportunity: Opportunity
    type_name: str
    type_code: str
    customer_name: str
    customer_code: str


@dataclass(frozen=True, slots=True)
class Totals:
    """Over all opportunities that match, not only the page. `weighted` is rounded half up to a cent."""

    count: int
    expected: Decimal
    weighted: Decimal


@dataclass(frozen=True, slots=True)
class Month:
    """The open opportunities expected in one month."""

    year: int
    month: int
    totals: Totals


def opportunities(session: Session, chosen: Filter, cursor: str = "", limit: int = PAGE) -> tuple[list[Listed], str]:
    """A page, latest change first, and the cursor of the next one ("" on the last). Raises Invalid for a bad cursor."""
    statement = (
        select(Opportunity, ProjectType.name, ProjectType.code, Customer.name, Customer.code)
        .join(ProjectType, ProjectType.id == Opportunity.project_type_id)
        .join(Customer, Customer.id == Opportunity.customer_id)
        .where(*chosen.conditions())
        .order_by(Opportunity.updated_at.desc(), Opportunity.id.desc())
        .limit(limit + 1)
    )
    if cursor:
        statement = statement.where(_after(Opportunity.updated_at, Opportunity.id, cursor))
    rows = [Listed(*row) for row in session.execute(statement)]
    more = len(rows) > limit
    last = rows[limit - 1].opportunity if more else None
    return rows[:limit], encode_cursor([last.updated_at, last.id]) if last else ""


def contracts(
    session: Session, customer_id: UUID | None, engagement_id: UUID | None, cursor: str, limit: int
) -> tuple[list[Contract], str]:
    """A page of contracts, latest first, and the cursor of the next one."""
    statement = select(Contract).order_by(Contract.created_at.desc(), Contract.id.desc()).limit(limit + 1)
    if customer_id:
        statement = statement.where(Contract.customer_id == customer_id)
    if engagement_id:
        statement = statement.where(Contract.engagement_id == engagement_id)
    if cursor:
        statement = statement.where(_after(Contract.created_at, Contract.id, cursor))
    rows = list(session.scalars(statement))
    last = rows[limit - 1] if len(rows) > limit else None
    return rows[:limit], encode_cursor([last.created_at, last.id]) if last else ""


def totals(session: Session, conditions: Sequence[ColumnElement[bool]]) -> Totals:
    """Over all opportunities that the actor sees and the conditions leave."""
    return totals_of(session.execute(select(*sums()).where(*conditions)).one())


def forecast(session: Session) -> list[Month]:
    """Open opportunities by the month they are expected in, at most twenty-four months."""
    year, month = extract("year", Opportunity.expected_on), extract("month", Opportunity.expected_on)
    found = session.execute(
        select(year.label("year"), month.label("month"), *sums())
        .where(Opportunity.stage == "open", Opportunity.expected_on.is_not(None))
        .group_by(year, month)
        .order_by(year, month)
        .limit(24)
    )
    return [Month(int(row.year), int(row.month), totals_of(row)) for row in found]


def _after(moment: Any, key: Any, cursor: str) -> ColumnElement[bool]:
    at, row_id = decode_cursor(cursor, 2)
    return or_(moment < at, and_(moment == at, key < row_id))


def sums() -> tuple[Any, ...]:
    """Columns for `totals_of`. Amounts are whole cents; what is won counts in full, what is lost not at all."""
    cents = type_coerce(Opportunity.expected_value, BigInteger)
    percent = case((Opportunity.stage == "won", 100), (Opportunity.stage == "lost", 0), else_=Opportunity.probability)
    return (
        func.count(Opportunity.id).label("number"),
        func.coalesce(func.sum(cents), 0).label("expected"),
        func.coalesce(func.sum(cents * percent), 0).label("weighted"),
    )


def totals_of(row: Any) -> Totals:
    """Of a row that brings `sums` along."""
    weighted = (Decimal(row.weighted) / 10000).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return Totals(row.number, Decimal(row.expected) / 100, weighted)
