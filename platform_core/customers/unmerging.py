"""The way back from a merge: for thirty days, and only while neither record was merged on or erased."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.events import Event
from platform_core.contracts.identity import Actor
from platform_core.customers import moving, names, points, queries, rights, search_rows, services
from platform_core.customers.custom import merging as own_merging
from platform_core.customers.mergemodels import Merge
from platform_core.customers.models import Address, Contact, ContactPoint, Customer
from platform_core.kernel import clock
from platform_core.kernel.database import vault_of
from platform_core.kernel.errors import Conflict, NotFound
from platform_core.kernel.events import publish
from platform_core.kernel.i18n import translator
from platform_core.kernel.jobs import JobContext
from platform_core.kernel.scope import proven
from platform_core.plugins.asking import hooks_of
from platform_core.plugins.references import pointers

_ = translator("customers")
DAYS = 30
_PROOF = proven("both records of a merge whose kept one the actor may merge")


class Trace(msgspec.Struct):
    """What a merge did.

    The rows it moved, fields of the kept record before and after, contacts and numbers that are no longer the main
    ones, and the own fields that were taken over.
    """

    moved: list[moving.Moved]
    before: dict[str, Any]
    after: dict[str, Any]
    demoted: list[UUID]
    own: own_merging.Taken = msgspec.field(default_factory=own_merging.Taken)


def sealed(session: Session, trace: Trace) -> bytes:
    return vault_of(session).encrypt(msgspec.json.encode(trace).decode())


def is_open(row: Merge) -> bool:
    """Whether the way back is there at all."""
    return row.undone_at is None and bool(row.payload) and row.at > clock.now() - timedelta(days=DAYS)


def unmerge(session: Session, actor: Actor, merge_id: UUID) -> Customer:
    """Make two records again. Rows return that still belong to the kept one; what was added to it since stays there.

    Returns the record that is back. Raises NotFound, Forbidden, and Conflict when it is too late.
    """
    row = session.get(Merge, merge_id, with_for_update=True)
    if row is None:
        raise NotFound(_("There is no such merge."))
    keep = queries.get(session, row.kept_id)
    rights.require(session, actor, "customers.merge", keep)
    other = session.scalars(select(Customer).where(Customer.id == row.other_id), execution_options=_PROOF).one()
    if not is_open(row):
        raise Conflict(_("This merge can no longer be undone: that is possible for %(days)d days.", days=DAYS))
    trace = _opened(session, row)
    there = {(item.owner, item.table.name, item.declared.column): item for item in pointers(session, hooks_of(session))}
    for moved in trace.moved:
        pointer = there.get((moved.owner, moved.table, moved.column))
        if pointer is not None:
            moving.move_back(session, pointer, moved, other.id, keep.id)
    _give_back(keep, trace)
    own_merging.give_back(session, keep, trace.own)
    row.undone_at, row.payload = clock.now(), b""
    other.deleted_at = None
    for model in (Contact, ContactPoint, Address):
        again = update(model).where(model.id.in_(trace.demoted)).values(is_primary=True)
        session.execute(again, execution_options={**_PROOF, "synchronize_session": False})
    session.flush()  # before what the session holds is forgotten
    session.expire_all()
    rights.require(session, actor, "customers.merge", queries.get(session, other.id))
    for customer in (keep, other):
        points.refresh(session, customer.id)
        search_rows.reindex(session, customer.id)
        audit.record(session, actor, "customers.unmerge", services.ref(customer), customer_id=customer.id)
    data = {"other_id": str(other.id), "merge_id": str(row.id)}
    publish(session, Event("customers.unmerged", services.ref(keep), keep.id, actor.user_id, data))
    return other


def gather(context: JobContext) -> None:
    """Rows that were written to a merged record while it was being merged follow it.

    On PostgreSQL a writer that waited for the merge finds the record's row still there, and goes on.
    """
    since = clock.now() - timedelta(days=DAYS)
    with context.database.system_session("rows that came too late for a merge") as session:
        found = [item for item in pointers(session, hooks_of(session)) if item.declared.on_merge == "move"]
        rows = session.scalars(select(Merge).where(Merge.undone_at.is_(None), Merge.at > since).with_for_update())
        merges = {row.other_id: row for row in rows}
        for pointer, count in zip(found, moving.counts(session, found, merges), strict=True):
            for other_id, row in merges.items() if count else ():
                moved = moving.move(session, pointer, other_id, row.kept_id)
                if moved.keys and row.payload:
                    trace = _opened(session, row)
                    trace.moved.append(moved)
                    row.payload = sealed(session, trace)


def _opened(session: Session, row: Merge) -> Trace:
    return msgspec.json.decode(vault_of(session).decrypt(row.payload), type=Trace)


def _give_back(keep: Customer, trace: Trace) -> None:
    """Fields return that nobody has changed since."""
    for name, old in trace.before.items():
        present = getattr(keep, name)
        if (present.isoformat() if isinstance(present, date) else present) != trace.after.get(name):
            continue
        setattr(keep, name, date.fromisoformat(old) if old and name == "collected_on" else old)
        if name == "name":
            for key, derived in names.keys(keep.name).items():
                setattr(keep, key, derived)
