"""What rules measure, from the audit trail: statements over a window of time, one for each rule and run.

Requests pay nothing for it. Each function returns the people whose number reaches the threshold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import and_, case, distinct, func, or_, select
from sqlalchemy.orm import Session, aliased

from platform_core.audit.models import AuditEntry
from platform_core.customers.models import Customer
from platform_core.kernel.clock import local
from platform_core.users.models import User

OPENED = ("customers.view", "customers.contacts", "customers.timeline")
LISTED = ("customers.list",)
SEARCHED = ("customers.search",)
REVEALED = ("customers.reveal",)
TAKEN = ("exports.ask", "exports.print")
REFUSED = ("permissions.denied",)
WORK_BEGINS, WORK_ENDS = 7, 21
"""Hours of the organisation's clock"""
FOREIGN_PERCENT = 40
SEARCHES_FOR_EACH_OPENING = 10
_MOST_LINES = 20_000
_KNOWN_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    since: datetime
    until: datetime
    threshold: int


@dataclass(frozen=True, slots=True)
class Finding:
    user_id: UUID
    label: str
    number: int


Measure = Callable[[Session, Window], list[Finding]]
_customers = func.count(distinct(AuditEntry.customer_id))
_lines = func.count()


def _within(window: Window, actions: Iterable[str]) -> list[Any]:
    return [
        AuditEntry.action.in_(actions), AuditEntry.at >= window.since, AuditEntry.at < window.until,
        AuditEntry.actor_id.is_not(None),
    ]  # fmt: skip


def _grouped(session: Session, window: Window, number: Any, conditions: Sequence[Any]) -> list[Finding]:
    found = session.execute(
        select(AuditEntry.actor_id, func.max(AuditEntry.actor_label).label("label"), number.label("number"))
        .where(*conditions).group_by(AuditEntry.actor_id).having(number >= window.threshold)
    )  # fmt: skip
    return [Finding(row.actor_id, row.label, row.number) for row in found]


def reveals(session: Session, window: Window) -> list[Finding]:
    """Of customers, and of contacts that stand alone."""
    people = func.count(distinct(func.coalesce(AuditEntry.customer_id, AuditEntry.entity_id)))
    return _grouped(session, window, people, [*_within(window, REVEALED), AuditEntry.result == "ok"])


def paging(session: Session, window: Window) -> list[Finding]:
    return _grouped(session, window, _lines, _within(window, LISTED))


def refusals(session: Session, window: Window) -> list[Finding]:
    tried = [*_within(window, REFUSED), AuditEntry.result != "ok", AuditEntry.customer_id.is_not(None)]
    return _grouped(session, window, _customers, tried)


def _lines_of(session: Session, window: Window, actions: Iterable[str]) -> list[tuple[UUID, str, Sequence[Any]]]:
    """(person, name, lines in the order of writing) of whoever has enough of them."""
    rows = session.execute(
        select(AuditEntry.actor_id, AuditEntry.actor_label, AuditEntry.at, AuditEntry.customer_id)
        .where(*_within(window, actions), AuditEntry.customer_id.is_not(None), AuditEntry.result == "ok")
        .order_by(AuditEntry.actor_id, AuditEntry.seq).limit(_MOST_LINES)
    ).all()  # fmt: skip
    grouped = ((key, list(lines)) for key, lines in groupby(rows, key=lambda row: row.actor_id))
    return [(key, lines[0].actor_label, lines) for key, lines in grouped if len(lines) >= window.threshold]


def at_night(session: Session, window: Window) -> list[Finding]:
    """Different customers opened outside of working hours."""
    if is_work(window.since) and is_work(window.until) and window.until - window.since < timedelta(hours=8):
        return []
    found = []
    for key, label, lines in _lines_of(session, window, OPENED):
        number = len({line.customer_id for line in lines if not is_work(line.at)})
        if number >= window.threshold:
            found.append(Finding(key, label, number))
    return found


def is_work(moment: datetime) -> bool:
    return WORK_BEGINS <= local(moment).hour < WORK_ENDS


def walks(session: Session, window: Window) -> list[Finding]:
    """Customers opened one after the other in the order in which they were added, or against it."""
    found = []
    for key, label, lines in _lines_of(session, window, OPENED):
        number = longest_walk([line.customer_id for line in lines])
        if number >= window.threshold:
            found.append(Finding(key, label, number))
    return found


def longest_walk(keys: Sequence[UUID]) -> int:
    """The longest run of keys that only go up, or only go down; the same key again counts once. Keys grow with time."""
    distinct_keys = [key for key, _again in groupby(keys)]
    best = up = down = min(len(distinct_keys), 1)
    for before, after in pairwise(distinct_keys):
        up, down = (up + 1, 1) if after > before else (1, down + 1)
        best = max(best, up, down)
    return best


def searches(session: Session, window: Window) -> list[Finding]:
    """Many searches, and hardly a customer opened."""
    asked = func.sum(case((AuditEntry.action.in_(SEARCHED), 1), else_=0))
    opened = func.count(distinct(case((AuditEntry.action.in_(OPENED), AuditEntry.customer_id))))
    found = session.execute(
        select(AuditEntry.actor_id, func.max(AuditEntry.actor_label).label("label"), asked.label("number"))
        .where(*_within(window, (*SEARCHED, *OPENED))).group_by(AuditEntry.actor_id)
        .having(and_(asked >= window.threshold, opened * SEARCHES_FOR_EACH_OPENING < asked))
    )  # fmt: skip
    return [Finding(row.actor_id, row.label, int(row.number)) for row in found]


def strange_places(session: Session, window: Window) -> list[Finding]:
    """Files or paper asked for from an address that the person did not use before the last day."""
    earlier = aliased(AuditEntry)
    before = (earlier.actor_id == AuditEntry.actor_id, earlier.at < window.since - _KNOWN_AFTER)
    is_known = select(earlier.id).where(*before, earlier.ip == AuditEntry.ip).exists()
    is_old_hand = select(earlier.id).where(*before).exists()
    asked = [*_within(window, TAKEN), AuditEntry.ip != "", AuditEntry.result == "ok"]
    return _grouped(session, window, _lines, [*asked, is_old_hand, ~is_known])


def foreign(session: Session, window: Window) -> list[Finding]:
    """Customers opened, where more than 40 % of them are of other departments than the person's own."""
    strange = and_(
        User.department_id.is_not(None),
        or_(Customer.department_id.is_(None), Customer.department_id != User.department_id),
        or_(Customer.owner_id.is_(None), Customer.owner_id != User.id),
    )
    number = func.count(distinct(case((strange, Customer.id))))
    found = session.execute(
        select(AuditEntry.actor_id, func.max(AuditEntry.actor_label).label("label"), number.label("number"))
        .join(User, User.id == AuditEntry.actor_id).join(Customer, Customer.id == AuditEntry.customer_id)
        .where(*_within(window, OPENED), AuditEntry.result == "ok").group_by(AuditEntry.actor_id)
        .having(and_(number >= window.threshold, number * 100 > _customers * FOREIGN_PERCENT))
    )  # fmt: skip
    return [Finding(row.actor_id, row.label, row.number) for row in found]


def unused(session: Session, window: Window) -> list[Finding]:
    """Numbers revealed that no contact was written down after: of the day before the window's last day."""
    day = timedelta(days=1)
    earlier = Window(window.since - day, window.until - day, window.threshold)
    found = session.execute(
        select(AuditEntry.actor_id, func.max(AuditEntry.actor_label).label("label"), _customers.label("number"))
        .join(Customer, Customer.id == AuditEntry.customer_id)
        .where(
            *_within(earlier, REVEALED), AuditEntry.result == "ok",
            or_(Customer.last_contact_at.is_(None), Customer.last_contact_at < AuditEntry.at),
        )
        .group_by(AuditEntry.actor_id).having(_customers >= window.threshold)
    )  # fmt: skip
    return [Finding(row.actor_id, row.label, row.number) for row in found]
