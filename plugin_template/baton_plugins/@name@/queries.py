"""Reads. The session adds the scope policy to every statement: nobody sees an entry of a customer they do not see."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from platform_core.api import Customer, NotFound, Session, decode_cursor, encode_cursor, translator
from sqlalchemy import and_, func, or_, select

from baton_plugins.@name@.models import Entry

_ = translator("@name@")


def get(session: Session, entry_id: UUID) -> Entry:
    """Raises NotFound when there is none, or none for this actor."""
    entry = session.scalars(select(Entry).where(Entry.id == entry_id)).one_or_none()
    if entry is None:
        raise NotFound(_("There is no such entry, or not for you."))
    return entry


def of_customer(session: Session, customer_id: UUID, limit: int) -> Sequence[Entry]:
    """The latest first."""
    statement = select(Entry).where(Entry.customer_id == customer_id).order_by(Entry.updated_at.desc()).limit(limit)
    return session.scalars(statement).all()


def count_of(session: Session, customer_id: UUID) -> int:
    return session.scalar(select(func.count()).select_from(Entry).where(Entry.customer_id == customer_id)) or 0


def page_of(session: Session, cursor: str, limit: int) -> tuple[Sequence[Entry], str | None]:
    """Latest change first, and the cursor of the next page. Raises Invalid for a bad cursor."""
    statement = select(Entry).order_by(Entry.updated_at.desc(), Entry.id.desc()).limit(limit + 1)
    if cursor:
        at, key = decode_cursor(cursor, 2)
        statement = statement.where(or_(Entry.updated_at < at, and_(Entry.updated_at == at, Entry.id < key)))
    rows = session.scalars(statement).all()
    shown = rows[:limit]
    return shown, encode_cursor([shown[-1].updated_at, shown[-1].id]) if len(rows) > limit else None


def customer_of_code(session: Session, code: str) -> Customer | None:
    statement = select(Customer).where(Customer.code == code, Customer.deleted_at.is_(None))
    return session.scalars(statement).one_or_none()
