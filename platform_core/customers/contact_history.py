"""What other tables hold of a contact that stands alone: it goes along to its customer, or goes with it for good.

Owners declare it with their references to customers (`CustomerReference.contact`), also those that are absent.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, and_, delete, update
from sqlalchemy.orm import Session

from platform_core.kernel.scope import proven
from platform_core.plugins.asking import hooks_of
from platform_core.plugins.references import Pointer, pointers

_OPTIONS: dict[str, Any] = {
    "execution_options": proven("whatever is held of a contact that the actor may give away or erase")
}


def give(session: Session, contact_id: UUID, customer_id: UUID) -> None:
    """Rows of nobody's customer that note the contact are this customer's from now on."""
    for pointer, mine in _of(session, contact_id):
        values = {pointer.column: _stored(pointer.column, customer_id)}
        session.execute(update(pointer.table).where(mine).values(values), **_OPTIONS)


def forget(session: Session, contact_id: UUID) -> None:
    """The same rows, deleted: no contract or count hangs on somebody without a customer."""
    for pointer, mine in reversed(list(_of(session, contact_id))):
        session.execute(delete(pointer.table).where(mine), **_OPTIONS)


def _of(session: Session, contact_id: UUID) -> Iterator[tuple[Pointer, ColumnElement[bool]]]:
    for pointer in pointers(session, hooks_of(session)):
        if pointer.declared.contact:
            noting = pointer.table.c[pointer.declared.contact]
            yield pointer, and_(noting == _stored(noting, contact_id), pointer.column.is_(None))


def _stored(column: Any, key: UUID) -> Any:
    """SQLite has no type for keys, so a column of an absent owner holds text."""
    return key.hex if isinstance(column.type, String) else key
