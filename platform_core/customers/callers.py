"""Who calls: the customers that have a number, by its keyed hashes, as far as whoever is called may know of them.

Numbers are kept with the contact points themselves, normalised by the one function that also reads a caller's number
(kernel.phones), so nothing has to be brought up to date: a number counts as soon as its transaction has committed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, bindparam, case, literal, null, or_, select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers.models import Contact, ContactPoint, Customer
from platform_core.customers.reveal import Revealed, reveal, reveal_of_contact
from platform_core.kernel import phones
from platform_core.kernel.database import vault_of
from platform_core.kernel.scope import AnySelect, prepared, proven, visible
from platform_core.users.models import Department, User

_MOST = 20
_REASON = "who calls? Of rows that the called person may not see only the department leaves this module"
_PHONES = ("mobile", "phone")
BLOCK_DIGITS = (2, 3, 4)
"""How many last digits may vary behind one switchboard"""


@dataclass(frozen=True, slots=True)
class Number:
    """A caller's number, ready to be stored: encrypted, masked, and with the hashes by which it is found."""

    cipher: bytes
    mask: str
    full_hash: int | None
    """None for what is no number that could be dialled from anywhere: found by its last eight digits at most."""
    last8_hash: int | None
    extension: str


@dataclass(frozen=True, slots=True)
class Caller:
    """A customer who has the number, seen by whoever is called; `contact` is whose number it is there."""

    customer_id: UUID
    name: str
    code: str
    kind: str
    owner_id: UUID | None
    owner: str
    department: str
    last_contact_at: datetime | None
    contact_id: UUID | None
    contact: str
    title: str


@dataclass(frozen=True, slots=True)
class Alone:
    """A contact without a customer who has the number, seen by whoever is called."""

    contact_id: UUID
    name: str
    title: str
    owner: str


@dataclass(frozen=True, slots=True)
class Callers:
    """`known` best first. `elsewhere`: departments of whoever else has this number and is not for the actor to see."""

    known: Sequence[Caller]
    elsewhere: Sequence[str]
    alone: Sequence[Alone] = ()

    @property
    def nobody(self) -> bool:
        """In the whole house."""
        return not (self.known or self.elsewhere or self.alone)


def number(session: Session, text: str, *, area_code: str = "", outside: str = "") -> Number | None:
    """A number as a line or exchange reports it; None when there are no digits in it.

    `area_code` (with its 0) completes local numbers, `outside` is the digit that gets an outside line.
    """
    found = phones.reported(text, area_code=area_code, outside=outside)
    digits = "".join(char for char in phones.half_width(text) if char in "0123456789")
    if not digits:
        return None
    vault = vault_of(session)
    if found is None:
        last8 = vault.lookup("last8", digits[-8:]) if len(digits) >= 8 else None
        return Number(vault.encrypt(digits), _short_mask(digits), None, last8, "")
    return Number(
        vault.encrypt(found.e164),
        phones.mask(found.e164),
        vault.lookup("point", found.e164),
        vault.lookup("last8", phones.last8(found.e164)),
        found.extension or "",
    )


def _short_mask(digits: str) -> str:
    """Internal numbers and service numbers are nobody's secret."""
    return digits if len(digits) <= 6 else f"****{digits[-4:]}"


def clear(session: Session, cipher: bytes) -> str:
    """The number as people write it. Callers audit first."""
    return phones.display(vault_of(session).decrypt(cipher))


def whole(session: Session, cipher: bytes) -> str:
    """The number with + and its country's code. Callers audit first."""
    return vault_of(session).decrypt(cipher)


def to_call(session: Session, actor: Actor, customer_id: UUID, point_id: UUID) -> Revealed:
    """A number to call: revealed, as telephones show what they dial. Raises NotFound, Forbidden, Frozen."""
    return reveal(session, actor, customer_id, point_id)


def of_contact_to_call(session: Session, actor: Actor, contact_id: UUID, point_id: UUID) -> Revealed:
    """The same of a contact that stands alone."""
    return reveal_of_contact(session, actor, contact_id, point_id)


def shown(text: str) -> str:
    """A whole number as people write it: without + and code in the house's own country."""
    return phones.display(text)


def holders(session: Session, full_hash: int | None, last8_hash: int | None) -> list[tuple[UUID | None, UUID | None]]:
    """(customer, contact) of everybody who has the number, whoever may see them: for records, never for pages.

    No customer: a contact that stands alone.
    """
    return [(row.id, row.contact_id) for row in _rows(session, _HOLDERS.__getitem__, full_hash, last8_hash)]


def blocks(session: Session, cipher: bytes) -> dict[int, int]:
    """How many last digits vary -> hash of the rest. Extensions behind a switchboard have numbers that begin alike.

    Empty for what is no landline: mobile numbers that begin alike have nothing else in common.
    """
    vault = vault_of(session)
    found = phones.normalise(vault.decrypt(cipher))
    if found is None or found.kind != "fixed":
        return {}
    return {digits: vault.lookup("block", f"{found.e164[:-digits]}/{digits}") for digits in BLOCK_DIGITS}


def of_customers(session: Session, actor: Actor, ids: Sequence[UUID]) -> Callers:
    """The same of customers that a call may be from for another reason than that they have its number."""
    return _seen(session.execute(_of_ids(session), {"ids": list(ids)}).all(), actor) if ids else Callers((), ())


def calling(session: Session, actor: Actor, full_hash: int | None, last8_hash: int | None) -> Callers:
    """Whom a call may be from. One statement; by the last eight digits only where there is no whole number."""
    return _seen(_rows(session, partial(_calling, session), full_hash, last8_hash), actor)


def _seen(rows: Sequence[Any], actor: Actor) -> Callers:
    seen = [row for row in rows if row.is_seen]
    known = [_caller(row) for row in seen if row.id is not None]
    known.sort(key=lambda one: (one.owner_id != actor.user_id, -(one.last_contact_at or _NEVER).timestamp()))
    unseen = dict.fromkeys(row.department or "" for row in rows if not row.is_seen)
    alone = [Alone(row.contact_id, row.contact, row.title, row.owner or "") for row in seen if row.id is None]
    return Callers(known, list(unseen), alone)


_NEVER = datetime.fromisoformat("1970-01-02T00:00:00+00:00")


def _caller(row: Any) -> Caller:
    return Caller(
        row.id, row.name, row.code, row.kind, row.owner_id, row.owner or "", row.department or "", row.last_contact_at,
        row.contact_id, row.contact or "", row.title or "",
    )  # fmt: skip


def _rows(
    session: Session, statement: Callable[[str], AnySelect], full_hash: int | None, last8_hash: int | None
) -> Sequence[Any]:
    """One row for each customer, of several contacts with the same number the main one, and for each that is alone."""
    by, value = ("last8", last8_hash) if full_hash is None else ("full", full_hash)
    if value is None:
        return ()
    found: dict[UUID, Any] = {}
    for row in session.execute(statement(by), {"hash": value}):
        found.setdefault(row.id or row.contact_id, row)
    return list(found.values())[:_MOST]


def _by_hash(statement: AnySelect, by: str) -> AnySelect:
    """By the whole number (`full`) or by its last digits (`last8`)."""
    column = ContactPoint.full_hash if by == "full" else ContactPoint.last8_hash
    return (
        statement.select_from(ContactPoint)
        .outerjoin(Customer, Customer.id == ContactPoint.customer_id)
        .outerjoin(Contact, Contact.id == ContactPoint.contact_id)
        .where(
            column == bindparam("hash", type_=BigInteger),
            ContactPoint.kind.in_(_PHONES),
            Customer.deleted_at.is_(None),
            or_(Customer.id.is_not(None), ContactPoint.customer_id.is_(None)),
        )
        .order_by(Contact.is_primary.desc(), ContactPoint.id)
        .limit(_MOST * 2)
        .execution_options(**proven(_REASON))
    )


# Written once: they run for every ring of every telephone.
_HOLDERS = {by: _by_hash(select(Customer.id, ContactPoint.contact_id), by) for by in ("full", "last8")}
_owner = select(User.name).where(User.id == Customer.owner_id).scalar_subquery()
_department = select(Department.name).where(Department.id == Customer.department_id).scalar_subquery()
_is_alone = Customer.id.is_(None)
_keeper = (
    select(User.name).where(User.id == case((_is_alone, Contact.owner_id), else_=Customer.owner_id)).scalar_subquery()
)
_place = (
    select(Department.name)
    .where(Department.id == case((_is_alone, Contact.department_id), else_=Customer.department_id))
    .scalar_subquery()
)


@prepared
def _calling(reader: Actor, by: str) -> AnySelect:
    contact = (ContactPoint.contact_id, Contact.name.label("contact"), Contact.title)
    customers, contacts = _seen_by(Customer, reader), _seen_by(Contact, reader)
    told = (
        _keeper.label("owner"), _place.label("department"),
        case((_is_alone, contacts), else_=customers).label("is_seen"),
    )  # fmt: skip
    return _by_hash(select(*_CUSTOMER, *told, *contact), by)


@prepared
def _of_ids(reader: Actor) -> AnySelect:
    nobody = (null().label("contact_id"), null().label("contact"), null().label("title"))
    wanted = Customer.id.in_(bindparam("ids", expanding=True))
    told = (_owner.label("owner"), _department.label("department"), _seen_by(Customer, reader).label("is_seen"))
    return (
        select(*_CUSTOMER, *told, *nobody)
        .where(wanted, Customer.deleted_at.is_(None))
        .order_by(Customer.id)
        .limit(_MOST)
        .execution_options(**proven(_REASON))
    )


_CUSTOMER = (
    Customer.id, Customer.name, Customer.code, Customer.kind, Customer.owner_id, Customer.last_contact_at,
)  # fmt: skip


def _seen_by(model: Any, reader: Actor) -> ColumnElement[bool]:
    seen = visible(model, reader)
    return literal(value=True) if seen is None else seen
