"""The way back: which customers of an import nobody has touched since, and removing those."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, Uuid, delete, exists, func, or_, select, true, type_coerce
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.customers.importing import batches, updating
from platform_core.customers.importing.models import ImportBatch, ImportRow
from platform_core.customers.importing.rows import Payload
from platform_core.customers.models import Address, Contact, ContactPoint, Customer, CustomerTag, StatusChange
from platform_core.customers.searchmodel import SearchRow
from platform_core.kernel.database import vault_of
from platform_core.kernel.model import METADATA
from platform_core.kernel.scope import proven, visible
from platform_core.plugins.asking import hooks_of
from platform_core.plugins.references import pointers

_MADE_WITH_IT = (Address, Contact, ContactPoint, CustomerTag, SearchRow, StatusChange)
"""An import makes these rows itself; each change of them moves the customer's `updated_at` or `version`."""


_REASON = "what would become of an import: counts, and names within the actor's scope"
_PLAIN = {"synchronize_session": False}


def take_back(session: Session, actor: Actor, batch: ImportBatch, rows: Sequence[ImportRow]) -> None:
    """Remove the customers of these rows for good, except the touched ones. Needs a system session."""
    ids = [row.customer_id for row in rows if row.customer_id is not None]
    if not ids:
        return
    # A row that refers to one of them can only appear before this or after the commit, when it finds nothing.
    present = set(session.scalars(select(Customer.id).where(Customer.id.in_(ids)).with_for_update()))
    touched = touched_among(session, ids)
    gone = [customer_id for customer_id in ids if customer_id in present and customer_id not in touched]
    if gone:
        session.execute(delete(SearchRow).where(SearchRow.customer_id.in_(gone)), execution_options=_PLAIN)
        session.execute(delete(Customer).where(Customer.id.in_(gone)), execution_options=_PLAIN)
        after = {"removed": len(gone)}
        audit.record(session, actor, "customers.import_revert", batch.ref, ids=gone, after=after, shown=False)
    changed = [{"number": row.number, "state": "kept" if row.customer_id in touched else "removed"} for row in rows]
    batches.mark(session, batch.id, changed)
    kept = sum(1 for row in changed if row["state"] == "kept")
    batch.kept += kept
    batch.removed += len(changed) - kept


def give_back(session: Session, actor: Actor, batch: ImportBatch, rows: Sequence[ImportRow]) -> None:
    """Give changed customers back what they were, where the actor may still edit them. Needs a system session."""
    vault = vault_of(session)
    house = updating.editable(session, actor, {row.customer_id for row in rows if row.customer_id}, lock=True)
    changed = []
    for row in rows:
        change, present = Payload.opened(vault, row.payload).change, house.get(row.customer_id or batch.id)
        whole = change is not None and present is not None and updating.restore(session, actor, present, change)
        changed.append({"number": row.number, "state": "restored" if whole else "kept"})
    if changed:
        batches.mark(session, batch.id, changed)
    restored = sum(1 for item in changed if item["state"] == "restored")
    batch.restored += restored
    batch.kept += len(changed) - restored


def touched_among(session: Session, ids: Collection[UUID]) -> set[UUID]:
    """Customers that somebody has changed, or that any table of any plugin refers to. Needs a system session."""
    if not ids:
        return set()
    return set(session.scalars(select(Customer.id).where(Customer.id.in_(ids), _is_touched(session))))


def outlook(session: Session, batch: ImportBatch) -> tuple[int, int]:
    """How many customers of the batch would be removed, and how many kept."""
    found = session.execute(
        select(func.count(Customer.id), func.count(Customer.id).filter(_is_touched(session))).where(
            Customer.batch_id == batch.id
        ),
        execution_options=proven(_REASON),
    ).one()
    return found[0] - found[1], found[1]


def kept_of(session: Session, actor: Actor, batch: ImportBatch, limit: int) -> list[Any]:
    """id, code and name of customers that would be kept, as far as the actor sees them."""
    predicate = visible(Customer, actor)
    statement = (
        select(Customer.id, Customer.code, Customer.name)
        .where(Customer.batch_id == batch.id, _is_touched(session), true() if predicate is None else predicate)
        .order_by(Customer.id)
        .limit(limit)
    )
    return list(session.execute(statement, execution_options=proven(_REASON)))


def _is_touched(session: Session) -> ColumnElement[bool]:
    parts: list[ColumnElement[bool]] = [Customer.version > 1, Customer.updated_at > Customer.created_at]
    parts += [exists().where(column == Customer.id) for column in [*_references(), *_unmapped(session)]]
    return or_(*parts)


def _unmapped(session: Session) -> list[Any]:
    """The same of plugins whose package is gone: their rows would go with the customer."""
    found = pointers(session, hooks_of(session))
    return [type_coerce(item.column, Uuid()) for item in found if item.table.name not in METADATA.tables]


def _references() -> list[Any]:
    """Every column of every owner that points to a customer, except those an import fills."""
    own: set[Table] = {model.__table__ for model in _MADE_WITH_IT}  # type: ignore[misc]
    target = Customer.__table__.c.id
    return [
        key.parent
        for table in METADATA.sorted_tables
        if table not in own
        for key in table.foreign_keys
        if key.column is target and key.parent.table is not Customer.__table__
    ]
