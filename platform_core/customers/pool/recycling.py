"""Who goes back to the pool because nobody has spoken to them for too long: what owners see, and the job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, exists, false, func, literal, or_, select, true
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.events import ClockTime, Job
from platform_core.contracts.identity import Actor
from platform_core.customers import services as customers
from platform_core.customers.models import Customer
from platform_core.customers.pool import rules, services
from platform_core.customers.pool.models import PoolMove
from platform_core.customers.pool.rules import LEADS, OTHERS, Idle
from platform_core.kernel import clock
from platform_core.kernel.i18n import noop, translator
from platform_core.kernel.jobs import JobContext
from platform_core.kernel.scope import proven
from platform_core.kernel.types import UtcDateTime
from platform_core.plugins.asking import hooks_of
from platform_core.users import labels, notifications

_ = translator("customers")
SLICE = 200
SHOWN = 100
WARNED = noop("%(count)s of your customers and leads go back to the pool soon, unless somebody speaks to them.")
TAKEN = noop("%(count)s of your customers and leads went back to the pool: nobody had spoken to them for too long.")
_PROOF = proven("the owner's own customers")


@dataclass(frozen=True, slots=True)
class Due:
    customer: Customer
    at: datetime
    """When it goes back."""


def _touched() -> ColumnElement[Any]:
    """The later of the last contact and the day on which its owner got it."""
    placed = func.coalesce(Customer.placed_at, Customer.created_at)
    spoken = func.coalesce(Customer.last_contact_at, placed)
    return case((spoken > placed, spoken), else_=placed)


def _rule_of(customer: Customer, found: dict[str, Idle]) -> Idle:
    if customer.lead_since is not None:
        return found.get(LEADS, Idle())
    return found.get(customer.classification, found.get(OTHERS, Idle()))


def _late(found: dict[str, Idle], *, early: bool) -> ColumnElement[bool]:
    """Customers whose days are over or, `early`, nearly so.

    Nobody loses one without having been warned in time, also not on the day on which a house makes its rules.
    """
    is_lead = Customer.lead_since.is_not(None)
    named = [code for code in found if code not in {LEADS, OTHERS}]
    parts: list[ColumnElement[bool]] = []
    for code, rule in found.items():
        if not rule.days:
            continue
        if code == LEADS:
            which: ColumnElement[bool] = is_lead
        elif code == OTHERS:
            which = and_(~is_lead, Customer.classification.not_in(named))
        else:
            which = and_(~is_lead, Customer.classification == code)
        before = clock.now() - timedelta(days=rule.days - (rule.warn if early else 0))
        silent = _touched() < literal(before, UtcDateTime())
        in_time = PoolMove.day <= clock.today() - timedelta(days=rule.warn)
        warned = true() if early or not rule.warn else exists().where(*_warning(), in_time)
        parts.append(and_(which, silent, warned))
    return or_(*parts) if parts else false()


def _warning() -> tuple[ColumnElement[bool], ...]:
    """The present owner has been told, and nobody has spoken to the customer since."""
    return (
        PoolMove.customer_id == Customer.id, PoolMove.act == "warn", PoolMove.from_id == Customer.owner_id,
        PoolMove.at >= _touched(),
    )  # fmt: skip


def _held() -> tuple[ColumnElement[bool], ...]:
    return (Customer.owner_id.is_not(None), Customer.deleted_at.is_(None), Customer.restricted_at.is_(None))


def due(session: Session, actor: Actor) -> list[Due]:
    """The actor's own that are warned of, the soonest first; at most SHOWN."""
    found = rules.idle(session)
    mine = select(Customer).where(*_held(), Customer.owner_id == actor.user_id, _late(found, early=True))
    rows = session.scalars(mine.order_by(_touched(), Customer.id).limit(SHOWN), execution_options=_PROOF).all()
    ids = [row.id for row in rows]
    busy = set(hooks_of(session).kept_from_pool(session, ids))
    audit.record(session, actor, "customers.pool_due", ids=ids)
    told = select(PoolMove.customer_id, func.max(PoolMove.at).label("at")).where(
        PoolMove.customer_id.in_(ids), PoolMove.act == "warn", PoolMove.from_id == actor.user_id
    )
    warned = {row.customer_id: row.at for row in session.execute(told.group_by(PoolMove.customer_id))}
    made = []
    for row in (row for row in rows if row.id not in busy):
        rule, since = _rule_of(row, found), _since(row)
        at = warned.get(row.id)
        at = clock.now() if at is None or at < since else at
        made.append(Due(row, max(since + timedelta(days=rule.days), at + timedelta(days=rule.warn))))
    return sorted(made, key=lambda item: item.at)


def _since(customer: Customer) -> datetime:
    placed = customer.placed_at or customer.created_at
    return max(placed, customer.last_contact_at or placed)


def recycle(context: JobContext) -> None:
    """Take back what nobody has spoken to, warn of what is next. Slice by slice, and once for each spell of silence."""
    _through(context, early=False)
    _through(context, early=True)


def _through(context: JobContext, *, early: bool) -> None:
    after: UUID | None = None
    while True:
        with context.database.system_session("take customers back to the pool") as session:
            rows = _next(session, after, early=early)
            if not rows:
                return
            after = rows[-1].id
            busy = set(hooks_of(session).kept_from_pool(session, [row.id for row in rows]))
            free = [row for row in rows if row.id not in busy]
            _tell(session, _warn(session, free) if early else _take(session, free), early=early)


def _next(session: Session, after: UUID | None, *, early: bool) -> Sequence[Customer]:
    statement = select(Customer).where(*_held(), _late(rules.idle(session), early=early))
    if after is not None:
        statement = statement.where(Customer.id > after)
    if early:
        statement = statement.where(~exists().where(*_warning()))
    locked = statement.order_by(Customer.id).limit(SLICE).with_for_update(of=Customer, skip_locked=True)
    return session.scalars(locked).all()


def _take(session: Session, rows: Sequence[Customer]) -> Iterator[UUID]:
    names = labels.labels(session, [row.owner_id for row in rows])
    for customer in rows:
        assert customer.owner_id is not None
        owner_id, owner = customer.owner_id, names.person(customer.owner_id)
        services.put(session, None, customer, "recycle", owner)
        audit.record(
            session, None, "customers.recycle", customers.ref(customer), customer_id=customer.id,
            before={"owner_id": owner},
        )  # fmt: skip
        yield owner_id


def _warn(session: Session, rows: Sequence[Customer]) -> Iterator[UUID]:
    for customer in rows:
        assert customer.owner_id is not None
        session.add(PoolMove(customer_id=customer.id, act="warn", from_id=customer.owner_id))
        yield customer.owner_id


def _tell(session: Session, owners: Iterator[UUID], *, early: bool) -> None:
    counts: dict[UUID, int] = {}
    for owner_id in owners:
        counts[owner_id] = counts.get(owner_id, 0) + 1
    for owner_id, count in counts.items():
        message, url = (WARNED, "/pool/due") if early else (TAKEN, "/pool")
        notifications.notify(session, [owner_id], "customers", message, {"count": count}, url=url, icon="clock")


JOBS = [Job("customers.recycle", recycle, at=(ClockTime(3, 20),), catch_up=True)]
