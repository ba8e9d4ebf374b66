"""Reading calls, within the actor's scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from baton_plugins.telephony.forms import PersonLogInput
from baton_plugins.telephony.models import Call, Heard, Ring, Source
from baton_plugins.telephony.policies import VIEW
from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from platform_core.api import (
    Actor,
    Customer,
    Scope,
    Session,
    User,
    among,
    at_local,
    decode_cursor,
    encode_cursor,
    now,
    proven,
)

PAGE = 40
_COLLEAGUES = 500
_WHEN = proven("when a card was first shown, for those who look after the lines: ids and times alone")
MISSED_DAYS = 14
"""Older missed calls are no longer anybody's to do."""


@dataclass(frozen=True, slots=True)
class CallRow:
    """`customer` is empty where there is none or none for the actor."""

    call: Call
    customer: str


def mine(actor: Actor) -> ColumnElement[bool]:
    """Calls that rang at the actor's telephone."""
    return exists().where(Ring.call_id == Call.id, Ring.user_id == actor.user_id)


def waiting() -> tuple[ColumnElement[bool], ...]:
    """Missed calls that nobody has seen to."""
    return (
        Call.state == "missed",
        Call.handled_at.is_(None),
        Call.started_at > now() - timedelta(days=MISSED_DAYS),
    )


def shown(actor: Actor, show: str) -> list[ColumnElement[bool]]:
    """Conditions of a view of the log; anything unknown means all."""
    if show == "missed":
        return [*waiting()]
    if show in {"in", "out"}:
        return [Call.direction == show]
    return [mine(actor)] if show == "mine" else []


def of_contact(contact_id: UUID) -> list[ColumnElement[bool]]:
    """Of one that stands alone."""
    return [Call.contact_id == contact_id, Call.customer_id.is_(None)]


def of_customer(customer_id: UUID) -> list[ColumnElement[bool]]:
    return [Call.customer_id == customer_id]


def page_of(
    session: Session, conditions: Sequence[ColumnElement[bool]], cursor: str = "", limit: int = PAGE
) -> tuple[list[CallRow], str]:
    """One page, newest first, and the cursor of the next one or ""."""
    statement: Select[Any] = select(Call).where(*conditions)
    if cursor:
        at, key = decode_cursor(cursor, 2)
        statement = statement.where(or_(Call.started_at < at, and_(Call.started_at == at, Call.id < key)))
    found = list(session.scalars(statement.order_by(Call.started_at.desc(), Call.id.desc()).limit(limit + 1)))
    following = encode_cursor([found[limit - 1].started_at, found[limit - 1].id]) if len(found) > limit else ""
    return _named(session, found[:limit]), following


def colleagues(session: Session, actor: Actor) -> list[tuple[str, str]]:
    """(id, name) of those whose calls the actor may go through: themselves, and by scope those of departments."""
    scope, departments = actor.scope(VIEW), actor.departments_for(VIEW)
    statement = select(User.id, User.name).order_by(User.name, User.id).limit(_COLLEAGUES)
    if scope != Scope.ALL:
        statement = statement.where(or_(User.id == actor.user_id, among(User.department_id, departments)))
    return [(str(row.id), row.name) for row in session.execute(statement)]


def page_of_person(
    session: Session, user_id: UUID, asked: PersonLogInput, cursor: str = ""
) -> tuple[list[CallRow], str]:
    """Calls at somebody's telephone, newest first, and the cursor of the next page or ""."""
    statement = select(Call, Ring.at, Ring.id).join(Ring, Ring.call_id == Call.id).where(Ring.user_id == user_id)
    if asked.way == "missed":
        statement = statement.where(Call.state == "missed")
    elif asked.way:
        statement = statement.where(Call.direction == asked.way)
    if asked.day is not None:
        begins = at_local(asked.day, 0, 0)
        statement = statement.where(Ring.at >= begins, Ring.at < at_local(asked.day + timedelta(days=1), 0, 0))
    if cursor:
        at, key = decode_cursor(cursor, 2)
        statement = statement.where(or_(Ring.at < at, and_(Ring.at == at, Ring.id < key)))
    found = session.execute(statement.order_by(Ring.at.desc(), Ring.id.desc()).limit(PAGE + 1)).all()
    following = encode_cursor([found[PAGE - 1][1], found[PAGE - 1][2]]) if len(found) > PAGE else ""
    return _named(session, [row[0] for row in found[:PAGE]]), following


def _named(session: Session, calls: Sequence[Call]) -> list[CallRow]:
    ids = {call.customer_id for call in calls if call.customer_id is not None}
    seen = select(Customer.id, Customer.name).where(Customer.id.in_(ids), Customer.deleted_at.is_(None))
    names = {row.id: row.name for row in session.execute(seen)} if ids else {}
    return [CallRow(call, names.get(call.customer_id, "") if call.customer_id else "") for call in calls]


def sources(session: Session) -> Sequence[Source]:
    """Those in use first."""
    statement = select(Source).where(Source.kind != "test").order_by(Source.revoked_at.is_not(None), Source.name)
    return session.scalars(statement.limit(200)).all()


def heard(session: Session, limit: int = 30) -> list[dict[str, Any]]:
    """The latest events with their source, and whether somebody's page has shown the card."""
    statement = (
        select(Heard, Source.name)
        .join(Source, Source.id == Heard.source_id)
        .order_by(Heard.at.desc(), Heard.id.desc())
        .limit(limit)
    )
    rows = session.execute(statement).all()
    calls = {row[0].call_id for row in rows if row[0].call_id}
    first = select(Ring.call_id, func.min(Ring.shown_at)).where(Ring.call_id.in_(calls)).group_by(Ring.call_id)
    shown = session.execute(first, execution_options=_WHEN)
    seen: dict[UUID | None, datetime] = {call_id: at for call_id, at in shown if at is not None}
    return [{"event": row[0], "source": row[1], "shown_at": seen.get(row[0].call_id)} for row in rows]
