"""The bin is emptied: who has been in it for the days of the rule is erased, each customer in a transaction of its own.

A job that is killed leaves whole customers; the one after it goes on with those that are still there.
"""

from __future__ import annotations

import dataclasses
import logging
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from platform_core.audit.models import AuditEntry
from platform_core.contracts.events import ClockTime, Job
from platform_core.customers import contact_erasing, erasing, services
from platform_core.customers.bin import rule, staying
from platform_core.customers.bin.rule import Rule
from platform_core.customers.models import Contact, Customer
from platform_core.kernel import clock
from platform_core.kernel.i18n import noop, translator
from platform_core.kernel.jobs import JobContext, JobFailedError, LostLeaseError
from platform_core.permissions import admission
from platform_core.users import notifications

_log = logging.getLogger(__name__)
_ = translator("customers")
SLICE = 200
_CONTACTS = 20
"""At once: each that stood alone walks every table that may note it."""
TOLD = noop(
    "%(count)s of the customers that you deleted are erased for good from %(day)s on, unless they are taken out of the"
    " bin."
)
_DELETE = "customers.delete"
_Place = tuple[datetime, UUID]


def purge(context: JobContext) -> None:
    """Erase whose days are over and for whom nothing speaks; tell of those whose days are over soon."""
    found = _begin(context)
    if found is not None and clock.today() >= found.earliest:
        before = found.deleted_before(clock.today())
        failed = _customers(context, before)
        _contacts(context, before)
        if failed:
            raise JobFailedError(
                _("%(count)s deleted customers could not be erased: see the server's log.", count=failed)
            )


def _begin(context: JobContext) -> Rule | None:
    with context.database.system_session("begin with the rule of the bin") as session:
        found = rule.current(session)
        rule.keep(session, _tell(session, found) if found else None)
    return found


def _customers(context: JobContext, before: datetime) -> int:
    """How many could not be erased. One of them holds up nobody else; the night after tries again."""
    place: _Place | None = None
    done = failed = 0
    while True:
        with context.database.system_session("whose days in the bin are over", write=False) as session:
            rows = _next(session, place, Customer.deleted_at < before)
            stay = staying.reasons(session, [row.id for row in rows])
        if not rows:
            return failed
        place = (rows[-1].deleted_at, rows[-1].id)
        for row in rows:
            if row.id in stay:
                continue
            try:
                done += _purge_one(context, row.id, before, done)
            except LostLeaseError:
                raise
            except Exception:
                _log.exception("a customer in the bin could not be erased: %s", row.id)
                failed += 1


def _purge_one(context: JobContext, customer_id: UUID, before: datetime, done: int) -> bool:
    """Unless somebody has taken it out meanwhile, or something has come to speak for it."""
    with context.database.system_session("empty the bin") as session:
        locked = select(Customer).where(Customer.id == customer_id, *lying(), Customer.deleted_at < before)
        customer = session.scalars(locked.with_for_update(of=Customer)).one_or_none()
        if customer is None or staying.reasons(session, [customer_id]):
            return False
        erasing.forget(session, None, customer, _("Its days in the bin were over."))
        context.progress(session, done + 1, 0)
        return True


def _contacts(context: JobContext, before: datetime) -> None:
    """Removed contacts: those that stand alone are erased, those of customers no longer come back with numbers."""
    after: UUID | None = None
    while True:
        with context.database.system_session("contacts whose days in the bin are over") as session:
            over = select(Contact).where(Contact.deleted_at < before, Contact.sealed.is_not(None))
            over = over.where(Contact.restricted_at.is_(None))
            if after is not None:
                over = over.where(Contact.id > after)
            rows = session.scalars(over.order_by(Contact.id).limit(_CONTACTS).with_for_update(of=Contact)).all()
            if not rows:
                return
            after = rows[-1].id
            stay = staying.contacts(session, [row.id for row in rows if row.customer_id is None])
            for contact in rows:
                if contact.customer_id is not None:
                    contact.sealed = None
                elif contact.id not in stay:
                    contact_erasing.forget(session, None, contact, _("Its days in the bin were over."))
            context.progress(session, len(rows), 0)


def lying() -> tuple[ColumnElement[bool], ...]:
    """In the bin: neither merged nor erased. What is restricted is to be kept, and so it is."""
    return (Customer.deleted_at.is_not(None), Customer.restricted_at.is_(None), ~services.gone_for_good())


def _next(session: Session, place: _Place | None, *conditions: ColumnElement[bool]) -> Sequence[Any]:
    """(id, deleted_at) of the next slice, by when they were deleted."""
    statement = select(Customer.id, Customer.deleted_at).where(*lying(), *conditions)
    if place is not None:
        at, key = place
        statement = statement.where(or_(Customer.deleted_at > at, and_(Customer.deleted_at == at, Customer.id > key)))
    return session.execute(statement.order_by(Customer.deleted_at, Customer.id).limit(SLICE)).all()


def _tell(session: Session, found: Rule) -> Rule:
    """Tell whoever deleted them, and may still take them out, of those that are next. Each is told of once."""
    until = clock.today() + timedelta(days=found.notice)
    soon = [Customer.deleted_at < found.deleted_before(until)]
    if found.told is not None:
        soon.append(Customer.deleted_at >= clock.day_start(found.told + timedelta(days=1)))
    counts: Counter[UUID] = Counter()
    first: dict[UUID, date] = {}
    place: _Place | None = None
    while rows := _next(session, place, *soon):
        place = (rows[-1].deleted_at, rows[-1].id)
        by = _deleted_by(session, [row.id for row in rows])
        for row in rows:
            person = by.get(row.id)
            if person is not None:
                counts[person] += 1
                first.setdefault(person, found.day_of(row.deleted_at))
    able = {holder.id for holder in admission.holders(session, _DELETE)} if counts else set()
    for person in sorted(able & set(counts)):
        parameters: dict[str, str | int] = {"count": counts[person], "day": first[person].isoformat()}
        notifications.notify(session, [person], "customers", TOLD, parameters, url="/bin", icon="trash")
    return dataclasses.replace(found, told=until - timedelta(days=found.days))


def _deleted_by(session: Session, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Customer -> who put it into the bin last."""
    acts = select(AuditEntry.customer_id, AuditEntry.actor_id).where(
        AuditEntry.customer_id.in_(ids), AuditEntry.action == _DELETE, AuditEntry.actor_id.is_not(None)
    )
    return {row.customer_id: row.actor_id for row in session.execute(acts.order_by(AuditEntry.at))}


JOBS = [Job("customers.purge", purge, at=(ClockTime(3, 50),), catch_up=True)]
