"""Reading the audit trail. Every statement is bounded by time, so it runs along an index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from platform_core.audit.models import AuditEntry
from platform_core.kernel.clock import day_start, today
from platform_core.web import cursors

PAGE = 50
_CUSTOMER = "customers/customer"
RESULTS = ("ok", "denied", "failed")


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Days are the organisation's and both inclusive; empty fields do not narrow.

    `who` is part of an actor's name, `what` the beginning of an action, `thing` an id or the beginning of a label.
    """

    since: date
    until: date
    who: str = ""
    actor_id: UUID | None = None
    what: str = ""
    thing: str = ""
    customer_id: UUID | None = None
    customer: str = ""
    """The beginning of a customer's name, as lines of those days call it."""
    result: str = ""
    cursor: str = ""

    @classmethod
    def recent(cls, days: int = 7) -> AuditQuery:
        return cls(since=today() - timedelta(days=days - 1), until=today())


def entries(session: Session, query: AuditQuery, *, limit: int = PAGE) -> tuple[Sequence[AuditEntry], str]:
    """Newest first, and the cursor of the next page ("" on the last)."""
    statement = select(AuditEntry).where(*_conditions(query))
    if query.cursor:
        at, last = cursors.decode(query.cursor, 2)
        statement = statement.where(or_(AuditEntry.at < at, and_(AuditEntry.at == at, AuditEntry.id < last)))
    rows = session.scalars(statement.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(limit + 1)).all()
    shown = rows[:limit]
    return shown, cursors.encode([shown[-1].at, shown[-1].id]) if len(rows) > len(shown) else ""


def _conditions(query: AuditQuery) -> list[Any]:
    found: list[Any] = [
        AuditEntry.at >= day_start(query.since),
        AuditEntry.at < day_start(query.until + timedelta(days=1)),
    ]
    if query.actor_id:
        found.append(AuditEntry.actor_id == query.actor_id)
    if query.who:
        found.append(func.lower(AuditEntry.actor_label).contains(query.who.casefold(), autoescape=True))
    if query.what:
        found.append(AuditEntry.action.startswith(query.what, autoescape=True))
    if query.customer_id:
        found.append(AuditEntry.customer_id == query.customer_id)
    if query.customer:
        named = select(AuditEntry.customer_id).where(
            *found[:2],
            AuditEntry.entity == _CUSTOMER,
            func.lower(AuditEntry.entity_label).startswith(query.customer.casefold(), autoescape=True),
        )
        found.append(AuditEntry.customer_id.in_(named))
    if query.result:
        found.append(AuditEntry.result == query.result)
    if query.thing:
        found.append(_about(query.thing))
    return found


def label_of(session: Session, customer_id: UUID) -> str:
    """What the latest line about a customer calls it."""
    statement = (
        select(AuditEntry.entity_label)
        .where(AuditEntry.customer_id == customer_id, AuditEntry.entity == _CUSTOMER)
        .order_by(AuditEntry.at.desc())
        .limit(1)
    )
    return session.scalar(statement) or ""


def _about(thing: str) -> Any:
    try:
        key = UUID(thing)
    except ValueError:
        return or_(
            func.lower(AuditEntry.entity_label).startswith(thing.casefold(), autoescape=True),
            AuditEntry.entity == thing,
        )
    return or_(AuditEntry.entity_id == key, AuditEntry.customer_id == key)
