"""Making one record of two: what would be touched, and doing it. The way back is in `unmerging`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.events import Event
from platform_core.contracts.identity import Actor
from platform_core.customers import (
    fields,
    moving,
    names,
    opening,
    points,
    queries,
    rights,
    search_rows,
    services,
    unmerging,
)
from platform_core.customers.custom import definitions
from platform_core.customers.custom import merging as own_merging
from platform_core.customers.custom.merging import Choice
from platform_core.customers.mergemodels import Merge
from platform_core.customers.models import Address, Contact, ContactPoint, Customer
from platform_core.kernel import clock
from platform_core.kernel.errors import Conflict, Invalid, NotFound
from platform_core.kernel.events import publish
from platform_core.kernel.i18n import translator
from platform_core.kernel.ids import new_id
from platform_core.kernel.scope import proven
from platform_core.plugins.asking import hooks_of
from platform_core.plugins.references import Pointer, pointers

_ = translator("customers")
PERMISSION = "customers.merge"
_OWN_NUMBERS = {"contact_name", "phone", "email", "wechat", "qq", "mobile", "fax", "tags", "code"}
FIELDS = tuple(name for name in fields.LABELS if hasattr(Customer, name) and name not in _OWN_NUMBERS)
"""Columns of which each takes its value from one of the two."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many rows of one kind an owner has."""

    owner: str
    title: str
    label: str
    count: int
    act: str
    """What becomes of them: move, drop, stay; keep, delete, clear."""


@dataclass(frozen=True, slots=True)
class Preview:
    keep: Customer
    other: Customer
    choices: Sequence[Choice]
    shares: Sequence[Share]


def preview(session: Session, actor: Actor, keep_id: UUID, other_id: UUID) -> Preview:
    """What a merge would do; written down as a look at both. Raises NotFound, Forbidden, Invalid."""
    keep, other = _both(session, actor, keep_id, other_id)
    found = [item for item in worth_showing(pointers(session, hooks_of(session))) if item.declared.on_merge != "stay"]
    for customer in (keep, other):
        opening.opened(session, actor, services.ref(customer), customer.id, "customers.merge_preview")
    shares = shares_of(session, found, [other.id], [pointer.declared.on_merge for pointer in found])
    return Preview(keep, other, choices(session, keep, other), shares)


def worth_showing(found: Sequence[Pointer]) -> list[Pointer]:
    """Without the core's own bookkeeping, which has no name that would tell anybody anything."""
    return [item for item in found if item.declared.label or not item.is_builtin]


def shares_of(session: Session, found: Sequence[Pointer], ids: Iterable[UUID], acts: Sequence[str]) -> list[Share]:
    """Rows per owner and kind, without those of which there are none."""
    counted = moving.counts(session, found, ids)
    listed = [
        Share(pointer.owner, pointer.title, pointer.label, count, act)
        for pointer, count, act in zip(found, counted, acts, strict=True)
        if count
    ]
    return sorted(listed, key=lambda share: (share.title, share.label))


def choices(session: Session, keep: Customer, other: Customer) -> list[Choice]:
    found = []
    for name in FIELDS:
        ours, theirs = getattr(keep, name), getattr(other, name)
        if theirs in (None, "", False) or ours == theirs:
            continue
        words = [fields.shown(session, name, fields.masked({name: value})[name]) for value in (ours, theirs)]
        found.append(Choice(name, fields.label(name), words[0], words[1], fills=ours in (None, "")))
    return [*found, *own_merging.choices(session, keep, other)]


def merge(
    session: Session, actor: Actor, keep_id: UUID, other_id: UUID, taken: Collection[str] | None = None,
    versions: tuple[int, int] | None = None,
) -> Merge:  # fmt: skip
    """Make `other` part of `keep`: all rows of all owners move, its code and address lead on.

    `taken`: fields that take the other's value; None takes those that the kept one leaves empty. `versions`: of both
    when they were compared. Raises NotFound, Forbidden, Invalid, and Conflict when a row cannot move or somebody has
    changed one of them.
    """
    keep, other = _both(session, actor, keep_id, other_id, lock=True)
    if versions is not None and versions != (keep.version, other.version):
        raise Conflict(_("Somebody else has changed one of the two in the meantime. Compare them again."))
    known = {choice.name: choice for choice in choices(session, keep, other)}
    wanted = [name for name in known if (known[name].fills if taken is None else name in taken)]
    before, after = _take_over(session, keep, other, wanted)
    own_fields = own_merging.take(session, keep, other, wanted)
    demoted = _one_main(session, keep, other)
    session.flush()  # what is re-pointed below goes past the session
    found = pointers(session, hooks_of(session))
    for pointer in found:
        if pointer.declared.on_merge == "drop":
            moving.drop(session, pointer, [other.id])
    moved = [
        moving.move(session, pointer, other.id, keep.id) for pointer in found if pointer.declared.on_merge == "move"
    ]
    trace = unmerging.Trace(moved, before, after, demoted, own_fields)
    row = Merge(
        id=new_id(), kept_id=keep.id, other_id=other.id, by_id=actor.user_id, by_label=actor.name,
        payload=unmerging.sealed(session, trace),
    )  # fmt: skip
    session.add(row)
    other.deleted_at = clock.now()
    _refresh(session, keep)
    shown = {"merged": other.code, "rows": sum(len(item.keys) for item in moved)}
    audit.record(
        session, actor, "customers.merge", services.ref(keep), customer_id=keep.id,
        before={**fields.masked(before), **own_fields.before},
        after={**fields.masked(after), **own_fields.after, **shown},
    )  # fmt: skip
    audit.record(session, actor, "customers.merged_into", services.ref(other), customer_id=other.id, after={
        "kept": keep.code,
    })  # fmt: skip
    data = {"other_id": str(other.id), "merge_id": str(row.id)}
    publish(session, Event("customers.merged", services.ref(keep), keep.id, actor.user_id, data))
    return row


def _both(
    session: Session, actor: Actor, keep_id: UUID, other_id: UUID, *, lock: bool = False
) -> tuple[Customer, Customer]:
    if lock:  # in one order, so that two merges of the same pair do not wait for each other
        statement = select(Customer).where(Customer.id.in_([keep_id, other_id])).order_by(Customer.id)
        session.scalars(statement.with_for_update(of=Customer).execution_options(populate_existing=True)).all()
    keep, other = queries.get(session, keep_id), queries.get(session, other_id)
    for customer in (keep, other):
        rights.require(session, actor, PERMISSION, customer)
    if keep is other:
        raise Invalid(_("Choose another customer: this one cannot be merged with itself."))
    return keep, other


def _take_over(
    session: Session, keep: Customer, other: Customer, wanted: Collection[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Set the chosen fields; the parts of a date of birth go together. Returns (before, after) as JSON holds them."""
    built_in = [name for name in wanted if not name.startswith(definitions.PREFIX)]
    parts = dict.fromkeys(
        name for chosen in built_in for name in (fields.BIRTH if chosen in fields.BIRTH else (chosen,))
    )
    values = {name: getattr(other, name) for name in parts if name != "status"}
    before, after = audit.changes({name: getattr(keep, name) for name in values}, values)
    if "name" in values:
        values.update(names.keys(values["name"]))
    for name, value in values.items():
        setattr(keep, name, value)
    if "status" in parts:
        before["status"], after["status"] = keep.status, other.status
        keep.status = other.status
    for name in ("last_contact_at", "next_plan_at"):
        both = [moment for moment in (getattr(keep, name), getattr(other, name)) if moment is not None]
        if both:
            setattr(keep, name, max(both) if name == "last_contact_at" else min(both))
    return before, after


def _one_main(session: Session, keep: Customer, other: Customer) -> list[UUID]:
    """The kept customer's main contact, numbers and address stay the main ones. Returns what lost that."""
    contacts = select(Contact).where(Contact.is_primary, Contact.deleted_at.is_(None))
    numbers = select(ContactPoint).where(ContactPoint.is_primary, ContactPoint.contact_id.is_(None))
    has_main = session.scalars(contacts.where(Contact.customer_id == keep.id).limit(1)).first() is not None
    kinds = {point.kind for point in session.scalars(numbers.where(ContactPoint.customer_id == keep.id))}
    demoted: list[Contact | ContactPoint | Address] = []
    if has_main:
        demoted += session.scalars(contacts.where(Contact.customer_id == other.id))
    demoted += [
        point for point in session.scalars(numbers.where(ContactPoint.customer_id == other.id)) if point.kind in kinds
    ]
    places = select(Address).where(Address.is_primary)
    if session.scalars(places.where(Address.customer_id == keep.id).limit(1)).first() is not None:
        demoted += session.scalars(places.where(Address.customer_id == other.id))
    for row in demoted:
        row.is_primary = False
    return [row.id for row in demoted]


def _refresh(session: Session, keep: Customer) -> None:
    """What is kept along with the record follows the rows that came."""
    session.flush()  # before what the session holds is forgotten
    forget(session)
    points.refresh(session, keep.id)
    search_rows.reindex(session, keep.id)


def forget(session: Session) -> None:
    """Rows were changed past the session: it reads them anew."""
    for row in [row for row in session.identity_map.values() if not isinstance(row, Customer)]:
        session.expire(row)


def successor(session: Session, customer_id: UUID) -> UUID:
    """The customer that a merged one has become part of, if the actor sees it. Raises NotFound."""
    statement = (
        select(Customer.id)
        .join(Merge, Merge.kept_id == Customer.id)
        .where(Merge.other_id == customer_id, Merge.undone_at.is_(None), Customer.deleted_at.is_(None))
    )
    found = session.scalars(statement.order_by(Merge.at.desc()).limit(1)).first()
    if found is None:
        raise NotFound(_("There is no such customer, or not for you."))
    return found


def earlier(session: Session, customer_id: UUID) -> Sequence[Any]:
    """(Merge, code and name of the merged record) of what has become part of a customer the actor sees."""
    statement = (
        select(Merge, Customer.code, Customer.name)
        .join(Customer, Customer.id == Merge.other_id)
        .where(Merge.kept_id == customer_id, Merge.undone_at.is_(None))
        .order_by(Merge.at.desc())
    )
    proof = proven("the merged records of a customer that the caller has read within the actor's scope")
    return session.execute(statement, execution_options=proof).all()
