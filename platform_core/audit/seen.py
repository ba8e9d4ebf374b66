"""Which customers somebody has seen: what has to be known when data have leaked, or somebody leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Uuid,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session

from platform_core.audit import queries
from platform_core.audit.models import AuditEntry
from platform_core.contracts.naming import CUSTOMER_NAMES
from platform_core.kernel.declared import service_of
from platform_core.kernel.scope import proven
from platform_core.web import cursors

MOST_DAYS = 92
REVEAL = "customers.reveal"
_CONTACT = "customers/contact"
"""Of a line without a customer: of a contact that stood alone"""
_PROOF = proven("which ids in lists are customers")


@dataclass(frozen=True, slots=True)
class SeenQuery:
    """Days are the organisation's and both inclusive."""

    actor_id: UUID
    since: date
    until: date
    cursor: str = ""

    def bounded(self) -> SeenQuery:
        """Over no more days than can be counted while somebody waits."""
        first = max(self.since, self.until - timedelta(days=MOST_DAYS - 1))
        return SeenQuery(self.actor_id, first, self.until, self.cursor)


@dataclass(frozen=True, slots=True)
class Seen:
    """`opened` lines are about this customer alone, `revealed` of them show a number; `listed` show it among others."""

    customer_id: UUID
    """Or the contact's, of one that stands alone"""
    name: str
    opened: int
    revealed: int
    listed: int
    last: datetime
    is_contact: bool = False


@dataclass(frozen=True, slots=True)
class Totals:
    customers: int = 0
    opened: int = 0
    revealed: int = 0
    listed: int = 0


def customers(session: Session, query: SeenQuery, *, limit: int = queries.PAGE) -> tuple[Sequence[Seen], str]:
    """By the last time, and the cursor of the next page ("" on the last)."""
    counted = _counted(session, query).subquery("counted")
    statement = select(counted).order_by(counted.c.last.desc(), counted.c.id.desc()).limit(limit + 1)
    if query.cursor:
        last, key = cursors.decode(query.cursor, 2)
        statement = statement.where(or_(counted.c.last < last, and_(counted.c.last == last, counted.c.id < key)))
    rows = session.execute(statement, execution_options=_PROOF).all()
    shown = rows[:limit]
    known = service_of(session, CUSTOMER_NAMES)
    names = known.names(session, [row.id for row in shown])
    people = known.contacts(session, [row.id for row in shown if row.id not in names])
    found = [
        Seen(
            row.id, names.get(row.id) or people.get(row.id) or queries.label_of(session, row.id), row.opened,
            row.revealed, row.listed, row.last, row.id in people,
        )
        for row in shown
    ]  # fmt: skip
    return found, cursors.encode([shown[-1].last, shown[-1].id]) if len(rows) > len(shown) else ""


def totals(session: Session, query: SeenQuery) -> Totals:
    """`opened`, `revealed` and `listed` are numbers of customers."""
    counted = _counted(session, query).subquery("counted")
    some = [func.count(case((counted.c[name] > 0, 1))) for name in ("opened", "revealed", "listed")]
    row = session.execute(select(func.count(), *some).select_from(counted), execution_options=_PROOF).one()
    return Totals(*tuple(row))


def _counted(session: Session, query: SeenQuery) -> Select[Any]:
    mine = (AuditEntry.actor_id == query.actor_id, *queries.within(query.since, query.until), AuditEntry.result == "ok")
    revealed = case((AuditEntry.action == REVEAL, 1), else_=0)
    about = select(
        func.coalesce(AuditEntry.customer_id, AuditEntry.entity_id).label("id"), AuditEntry.at.label("at"),
        literal(1).label("opened"), revealed.label("revealed"), literal(0).label("listed"),
    ).where(*mine, or_(AuditEntry.customer_id.is_not(None), AuditEntry.entity == _CONTACT))  # fmt: skip
    key, each = _each_id(session)
    among = (
        select(key.label("id"), AuditEntry.at, literal(0), literal(0), literal(1))
        .select_from(AuditEntry)
        .join(each, literal(value=True))
        .where(*mine)
    )
    ids = service_of(session, CUSTOMER_NAMES).ids()
    if ids is not None:
        among = among.where(key.in_(ids))
    shown = union_all(about, among).subquery("shown")
    sums = [func.sum(shown.c[name]).label(name) for name in ("opened", "revealed", "listed")]
    return select(shown.c.id, func.max(shown.c.at).label("last"), *sums).group_by(shown.c.id)


def _each_id(session: Session) -> tuple[ColumnElement[UUID], Any]:
    """The ids of a line as rows."""
    if session.get_bind().dialect.name == "postgresql":
        each = func.jsonb_array_elements_text(AuditEntry.ids).table_valued("value", name="each_id").lateral()
        return cast(each.c.value, Uuid()), each
    each = func.json_each(AuditEntry.ids).table_valued("value", name="each_id")
    return type_coerce(cast(each.c.value, String), Uuid()), each
