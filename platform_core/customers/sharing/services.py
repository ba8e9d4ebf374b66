"""Sharing a customer with named colleagues, to read or to write, until a day or until somebody ends it.

A share is an access row of the kind `share`, which the policies of customers know (permissions.policies). It is ended
by the clock and never deleted, so that it stays known who could see the customer when.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.customers import queries, rights
from platform_core.customers import services as customers
from platform_core.customers.models import Customer
from platform_core.kernel.clock import day_start, local, now, today
from platform_core.kernel.errors import Conflict, Invalid, NotFound
from platform_core.kernel.i18n import noop, translator
from platform_core.kernel.ids import new_id
from platform_core.permissions import actors
from platform_core.permissions.models import Access
from platform_core.permissions.policies import live
from platform_core.users import notifications
from platform_core.users.models import Department, User

_ = translator("customers")
PERMISSION = "customers.share"
KIND = "share"
"""Of an access row"""
MOST = 50
"""Colleagues with whom one customer is shared at a time."""
_TOLD = noop("%(who)s shares the customer %(customer)s with you")


class ShareInput(msgspec.Struct, kw_only=True):
    """`until`: the last day of it; none: until somebody ends it."""

    user_id: UUID
    writes: bool = False
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """`until`: the last day of it."""

    user_id: UUID
    name: str
    department: str
    writes: bool
    until: date | None
    by: str
    since: datetime


def may(actor: Actor, customer: Customer) -> bool:
    """By scope alone: those with whom it is shared do not share it further. Costs no statement."""
    return rights.holds(actor, PERMISSION, customer)


def of(session: Session, customer_id: UUID) -> list[Share]:
    """With whom a customer that the reader has opened is shared now, the earliest first."""
    giver = aliased(User)
    statement = (
        select(
            Access.user_id, User.name, Department.name.label("department"), Access.may_write, Access.until,
            giver.name.label("by"), Access.since,
        )
        .join(User, User.id == Access.user_id)
        .outerjoin(Department, Department.id == User.department_id)
        .outerjoin(giver, giver.id == Access.granted_by)
        .where(*_shares(customer_id))
        .order_by(Access.since, Access.id)
        .limit(MOST)
    )  # fmt: skip
    found: dict[UUID, Share] = {}
    for row in session.execute(statement):
        one = Share(
            row.user_id, row.name, row.department or "", row.may_write, _last_day(row.until), row.by or "", row.since
        )
        known = found.get(one.user_id)
        found[one.user_id] = one if known is None else _both(known, one)
    return list(found.values())


def _both(one: Share, other: Share) -> Share:
    """Customers that were merged may both have been shared with a person: the wider of either holds."""
    until = max(one.until, other.until) if one.until and other.until else None
    return replace(one, writes=one.writes or other.writes, until=until)


def share(session: Session, actor: Actor, customer_id: UUID, data: ShareInput) -> None:
    """A share that is there already is changed. Raises NotFound, Forbidden, Invalid at the field, Conflict for MOST."""
    customer = _held(session, actor, customer_id)
    user = session.get(User, data.user_id)
    if user is None or user.status != "active":
        raise _wrong("user_id", _("Please choose from the list."))
    if user.id == customer.owner_id:
        raise _wrong("user_id", _("The customer is theirs already."))
    receiver = actors.load_actor(session, user.id)
    if receiver is None or not receiver.can("customers.view"):
        raise _wrong("user_id", _("Their roles see no customers at all, so a share would show them nothing."))
    if data.until is not None and data.until < today():
        raise _wrong("until", _("This day has passed."))
    rows = _rows(session, customer_id, user.id)
    before = _said(rows[0], user.name) if rows else {}
    if not rows:
        if (session.scalar(select(func.count()).select_from(Access).where(*_shares(customer_id))) or 0) >= MOST:
            raise Conflict(_("It is shared with %(most)d colleagues already. A team sees it as well.", most=MOST))
        rows = [Access(id=new_id(), kind=KIND, user_id=user.id, customer_id=customer_id)]
        session.add(rows[0])
    for row in rows:
        row.may_write, row.granted_by = data.writes, actor.user_id
        row.until = day_start(data.until + timedelta(days=1)) if data.until is not None else None
    ref, after = customers.ref(customer), _said(rows[0], user.name)
    audit.record(session, actor, PERMISSION, ref, customer_id=customer_id, before=before, after=after)
    if not before and user.id != actor.user_id:
        parameters: dict[str, str | int] = {"who": actor.name, "customer": customer.name}
        notifications.notify(session, [user.id], "customers", _TOLD, parameters, url=_url(customer_id), icon="share")


def end(session: Session, actor: Actor, customer_id: UUID, user_id: UUID) -> None:
    """At once, by whoever may share it or the one who got it. Raises NotFound, Forbidden."""
    customer = _held(session, actor, customer_id, receives=user_id == actor.user_id)
    rows = _rows(session, customer_id, user_id)
    if not rows:
        raise NotFound(_("It is not shared with this person."))
    name = session.scalar(select(User.name).where(User.id == user_id)) or ""
    before = _said(rows[0], name)
    for row in rows:
        row.until = now()
    audit.record(
        session, actor, "customers.unshare", customers.ref(customer), customer_id=customer_id, before=before
    )  # fmt: skip
    notifications.withdraw(session, [user_id], _url(customer_id))


def _held(session: Session, actor: Actor, customer_id: UUID, *, receives: bool = False) -> Customer:
    """Locked: of two who share it with the same person at once, the second one changes the first one's row."""
    customer = queries.get(session, customer_id)
    if not receives and not may(actor, customer):
        rights.require_unrestricted(customer)
        raise rights.refusal(customer)
    session.execute(select(Customer.id).where(Customer.id == customer_id).with_for_update())
    return customer


def _rows(session: Session, customer_id: UUID, user_id: UUID) -> list[Access]:
    """One, or those of customers that were merged."""
    mine = select(Access).where(*_shares(customer_id), Access.user_id == user_id)
    return list(session.scalars(mine.order_by(Access.since, Access.id)))


def _shares(customer_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return Access.customer_id == customer_id, Access.kind == KIND, live()


def _said(row: Access, name: str) -> dict[str, Any]:
    last = _last_day(row.until)
    return {"person": name, "writes": row.may_write, "until": last.isoformat() if last else ""}


def _last_day(until: datetime | None) -> date | None:
    return local(until - timedelta(microseconds=1)).date() if until is not None else None


def _url(customer_id: UUID) -> str:
    return f"/customers/{customer_id}"


def _wrong(field: str, message: str) -> Invalid:
    return Invalid(_("Please check the marked fields."), fields={field: message})
