"""Erasing the person behind a customer: what must be kept stays, and says no longer of whom.

Declared references decide table by table (contracts.entities.CustomerReference). The customer's row stays without the
person, so that what is kept still belongs to one. The audit trail keeps who did what when, without labels and values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from platform_core.audit import blanking
from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.events import Event
from platform_core.contracts.identity import Actor
from platform_core.customers import merging, moving, names, opening, queries, rights, services
from platform_core.customers.importing import forgetting
from platform_core.customers.mergemodels import Erasure, Merge
from platform_core.customers.models import Attachment, Contact, Customer
from platform_core.kernel import clock
from platform_core.kernel.database import files_of
from platform_core.kernel.errors import Conflict, Invalid, NotFound
from platform_core.kernel.events import publish
from platform_core.kernel.i18n import translator
from platform_core.kernel.model import METADATA
from platform_core.kernel.scope import proven
from platform_core.kernel.unitofwork import on_commit
from platform_core.plugins.asking import hooks_of
from platform_core.plugins.references import Pointer, pointers
from platform_core.users import notifications
from platform_core.web import answers

_ = translator("customers")
PERMISSION = "customers.erase"
LONGEST_REASON = 500
Before = Callable[[Session, Actor | None, Sequence[UUID]], None]
_before: list[Before] = []
_PROOF = proven("erasing walks everything of customers the actor may erase")
_OPTIONS: dict[str, Any] = {"execution_options": {**_PROOF, "synchronize_session": False}}
_PERSON: dict[str, Any] = {
    **dict.fromkeys(
        (
            "short_name", "source_url", "legal_person", "website", "bank", "bank_account", "tax_no", "intent", "notes",
            "gender", "work_status", "position", "education", "city", "contact_name", "phone_mask",
        ),
        "",
    ),
    **dict.fromkeys(("birth_year", "birth_month", "birth_day", "phone_point_id", "collected_on", "restricted_at")),
    "birth_lunar": False,
    "birth_leap": False,
    "custom": {},
    "sealed": None,
}  # fmt: skip
"""Columns that say who it is, and what they are emptied to. Code, kind and what counts in reports stay."""


def before_erasing(act: Before) -> None:
    """For core packages above: `act(session, actor, ids)` is called in the erasing transaction, while all is there.

    Without an actor it is the house's own rule that erases.
    """
    _before.append(act)


@dataclass(frozen=True, slots=True)
class Preview:
    customer: Customer
    shares: Sequence[merging.Share]
    blockers: Sequence[str]
    aliases: int
    """Records that were merged into it; they are erased with it."""


def preview(session: Session, actor: Actor, customer_id: UUID) -> Preview:
    """What erasing would do, and what stands against it; written down as a look. Raises NotFound, Forbidden."""
    customer = _erasable(session, actor, customer_id)
    ids = with_merged(session, [customer.id])
    opening.opened(session, actor, services.ref(customer), customer.id, "customers.erase_preview")
    return Preview(customer, shares(session, ids), blockers(session, customer.id), len(ids) - 1)


def shares(session: Session, ids: Sequence[UUID]) -> Sequence[merging.Share]:
    """How many rows of each owner erasing these customers would touch, and what becomes of them."""
    shown = merging.worth_showing(pointers(session, hooks_of(session)))
    return merging.shares_of(session, shown, ids, [pointer.declared.on_erase for pointer in shown])


def erase(session: Session, actor: Actor, customer_id: UUID, reason: str) -> None:
    """Erase the person for good, in every table of every owner.

    Raises NotFound, Forbidden, Invalid without a reason, and Conflict with the sentences of whoever objects.
    """
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        message = _("Say why, in at most %(limit)d characters.", limit=LONGEST_REASON)
        raise Invalid(message, fields={"reason": message})
    customer = _erasable(session, actor, customer_id, lock=True)
    against = blockers(session, customer.id)
    if against:
        raise Conflict(" ".join(against))
    forget(session, actor, customer, reason)


def forget(session: Session, actor: Actor | None, customer: Customer, reason: str) -> None:
    """What `erase` does once it may; without an actor by the house's own rule. The caller has locked the row."""
    session.flush()  # what follows goes past the session
    ids = with_merged(session, [customer.id])
    label = _("Erased customer")
    for act in _before:
        act(session, actor, ids)
    found = pointers(session, hooks_of(session))
    touched = _engagements(session, ids)
    answers.forget_about(session, _said_of(session, ids))
    forgetting.forget_person(session, ids)
    for pointer in reversed(found):
        _apply(session, pointer, ids, f"{label} {customer.code}")
    _files(session, ids)
    for item in ids:
        notifications.forget(session, f"/customers/{item}")
    for item in touched:
        notifications.forget(session, f"/engagements/{item}")
    for row in session.scalars(select(Customer).where(Customer.id.in_(ids)), **_OPTIONS):
        _strip(row, label)
        session.add(
            Erasure(
                customer_id=row.id, by_id=actor.user_id if actor else None, by_label=actor.name if actor else "",
                reason=reason,
            )
        )  # fmt: skip
        blanking.blank(session, actor, row.id, f"{label} {row.code}")
    session.execute(update(Merge).where(Merge.other_id.in_(ids)).values(payload=b""), **_OPTIONS)
    session.flush()  # before what the session holds is forgotten
    merging.forget(session)
    ref = EntityRef("customers", "customer", customer.id, f"{label} {customer.code}")
    audit.record(session, actor, "customers.erase", ref, customer_id=customer.id, reason=reason)
    publish(session, Event("customers.erased", ref, customer.id, actor.user_id if actor else None))


def _erasable(session: Session, actor: Actor, customer_id: UUID, *, lock: bool = False) -> Customer:
    """Also one in the bin: whoever asks to be forgotten may have been put there before."""
    if lock:
        session.execute(
            select(Customer.id).where(Customer.id == customer_id).with_for_update(of=Customer), execution_options=_PROOF
        )
    try:
        customer = queries.get(session, customer_id)
    except NotFound:
        customer = services.binned(session, actor, customer_id, PERMISSION)
    rights.require(session, actor, PERMISSION, customer)
    return customer


def with_merged(session: Session, ids: Sequence[UUID]) -> list[UUID]:
    """The customers and the records that have become part of them."""
    merged = select(Merge.other_id).where(Merge.kept_id.in_(ids), Merge.undone_at.is_(None))
    return [*ids, *session.scalars(merged, execution_options=_PROOF)]


def blockers(session: Session, customer_id: UUID) -> list[str]:
    """What stands against erasing it, sentence by sentence."""
    return hooks_of(session).erase_blockers(session, [customer_id]).get(customer_id, [])


def _said_of(session: Session, ids: Sequence[UUID]) -> list[str]:
    """By what a kept answer would name these customers: every answer about one holds its id, its code or a name."""
    rows = session.execute(
        select(Customer.code, Customer.name, Customer.contact_name).where(Customer.id.in_(ids)), **_OPTIONS
    )
    people = session.scalars(select(Contact.name).where(Contact.customer_id.in_(ids)), **_OPTIONS)
    return [*map(str, ids), *(text for row in rows for text in row), *people]


def _engagements(session: Session, ids: Sequence[UUID]) -> list[UUID]:
    table = METADATA.tables["relay_engagement"]
    return list(session.scalars(select(table.c.id).where(table.c.customer_id.in_(ids)), execution_options=_PROOF))


def _apply(session: Session, pointer: Pointer, ids: Sequence[UUID], name: str) -> None:
    if pointer.table is Attachment.__table__:
        return  # see _files
    if pointer.declared.on_erase == "delete":
        moving.drop(session, pointer, ids)
        return
    moving.blank(session, pointer, ids, name)
    if pointer.declared.on_erase == "clear":
        moving.clear(session, pointer, ids)


def _files(session: Session, ids: Sequence[UUID]) -> None:
    """Files go, except those that a kept row refers to, such as a signed contract; their names go."""
    attachment = Attachment.__table__.c
    used: list[ColumnElement[bool]] = [
        exists().where(key.parent == attachment.id)
        for table in METADATA.sorted_tables
        for key in table.foreign_keys
        if key.target_fullname == "customers_attachment.id" and key.parent.table is not Attachment.__table__
    ]
    mine = Attachment.customer_id.in_(ids)
    gone = session.execute(
        delete(Attachment).where(mine, ~or_(*used) if used else mine).returning(Attachment.stored_as), **_OPTIONS
    ).scalars()
    for stored_as in gone.all():
        on_commit(session, (files_of(session) / stored_as).unlink, missing_ok=True)
    for row in session.scalars(select(Attachment).where(mine), **_OPTIONS):
        row.filename = f"{row.kind}{_ending(row.filename)}"


def _ending(filename: str) -> str:
    _stem, dot, ending = filename.rpartition(".")
    return f".{ending}" if dot and len(ending) < 6 else ""


def _strip(customer: Customer, label: str) -> None:
    customer.name = f"{label} {customer.code}"
    for name, value in {**_PERSON, **names.keys(customer.name)}.items():
        setattr(customer, name, value)
    customer.deleted_at = customer.deleted_at or clock.now()
