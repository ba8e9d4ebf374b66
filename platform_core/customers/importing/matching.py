"""Which rows of a table are in the house already, or twice in the table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, any_, bindparam, select, true
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers.duplicates import Duplicate
from platform_core.customers.importing.models import ImportRow
from platform_core.customers.importing.rows import Row
from platform_core.customers.models import ContactPoint, Customer
from platform_core.kernel.database import database_of
from platform_core.kernel.scope import proven, visible
from platform_core.users.models import Department, User

_REASON = "duplicates of imported rows: of foreign customers only the department leaves this module"


@dataclass(frozen=True, slots=True)
class Match:
    by: str
    """phone, email, name or code"""
    customer_id: UUID | None = None
    row: int | None = None


@dataclass(slots=True)
class SeenRows:
    """Numbers and names of the rows that came before. One integer and one text per row: 200,000 rows take 40 MB."""

    by: str = "any"
    """As in columns.Options.match"""
    phones: dict[int, int] = field(default_factory=dict)
    mails: dict[int, int] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    updates: dict[UUID, int] = field(default_factory=dict)
    """Customers of the house that a row changes already."""

    def match(self, row: Row) -> Match | None:
        for kind, mine, known in (("phone", row.hashes, self.phones), ("email", row.mails, self.mails)):
            for found in mine:
                if found in known:
                    return Match(kind, row=known[found])
        if row.name_key in self.names:
            return Match("name", row=self.names[row.name_key])
        return None

    def add(self, row: Row) -> None:
        if self.by in {"any", "phone"}:
            for found in row.hashes:
                self.phones.setdefault(found, row.number)
        if self.by == "email":
            for found in row.mails:
                self.mails.setdefault(found, row.number)
        if row.name_key and self.by in {"any", "name"}:
            self.names.setdefault(row.name_key, row.number)


def in_house(session: Session, rows: Sequence[Row], by: str = "any") -> dict[int, Match]:
    """Row number -> the customer of the house that it speaks of. Needs a system session.

    `by` is columns.Options.match: any is one of its numbers, else its name.
    """
    if by == "code":
        codes = {row.number: code for row in rows if (code := row.payload.values.get("code"))}
        known_codes = by_code(session, set(codes.values()))
        return {number: Match("code", known_codes[code]) for number, code in codes.items() if code in known_codes}
    kind = "email" if by == "email" else "phone"
    points = {} if by == "name" else {row.number: row.mails if by == "email" else row.hashes for row in rows}
    by_point = _by_point(session, {found for hashes in points.values() for found in hashes})
    named = rows if by in {"any", "name"} else ()
    by_name = _by_name(session, {row.name_key.partition(":")[2] for row in named if row.name_key})
    matches: dict[int, Match] = {}
    for row in rows:
        known = next((by_point[found] for found in points.get(row.number, ()) if found in by_point), None)
        if known is not None:
            matches[row.number] = Match(kind, known)
        elif row.name_key in by_name:
            matches[row.number] = Match("name", by_name[row.name_key])
    return matches


def taken_codes(session: Session, codes: Collection[str]) -> set[str]:
    """Those that a customer has, also one in the bin. Needs a system session."""
    if not codes:
        return set()
    return set(session.scalars(select(Customer.code).where(_among(session, Customer.code, codes))))


def by_code(session: Session, codes: Collection[str]) -> dict[str, UUID]:
    """Code -> the customer that has it, unless it is in the bin. Needs a system session."""
    if not codes:
        return {}
    found = session.execute(
        select(Customer.code, Customer.id).where(_among(session, Customer.code, codes), Customer.deleted_at.is_(None))
    )
    return {row.code: row.id for row in found}


def _by_point(session: Session, hashes: set[int]) -> dict[int, UUID]:
    if not hashes:
        return {}
    statement = (
        select(ContactPoint.full_hash, ContactPoint.customer_id)
        .join(Customer, Customer.id == ContactPoint.customer_id)
        .where(_among(session, ContactPoint.full_hash, hashes), Customer.deleted_at.is_(None))
        .order_by(Customer.created_at.desc())
    )
    return {found: customer_id for found, customer_id in session.execute(statement) if customer_id is not None}


def _by_name(session: Session, norms: set[str]) -> dict[str, UUID]:
    if not norms:
        return {}
    statement = (
        select(Customer.kind, Customer.name_norm, Customer.id)
        .where(_among(session, Customer.name_norm, norms), Customer.deleted_at.is_(None))
        .order_by(Customer.created_at.desc())
    )
    return {f"{kind}:{norm}": customer_id for kind, norm, customer_id in session.execute(statement)}


def _among(session: Session, column: Any, values: Collection[str] | Collection[int]) -> ColumnElement[bool]:
    """As one parameter where the database can: a thousand of them take longer to write and to read than to look up."""
    if database_of(session).is_sqlite:
        found: ColumnElement[bool] = column.in_(values)
        return found
    one_of: ColumnElement[bool] = column == any_(bindparam(None, list(values), ARRAY(column.type)))
    return one_of


def explain(session: Session, actor: Actor, rows: Iterable[ImportRow]) -> dict[UUID, Duplicate]:
    """Customer id -> what the actor may know of it, for the duplicates among `rows`."""
    wanted = {row.found_id: row.found_by for row in rows if row.found_id is not None}
    if not wanted:
        return {}
    predicate = visible(Customer, actor)
    readable = true() if predicate is None else predicate
    seen = set(session.scalars(select(Customer.id).where(Customer.id.in_(wanted), readable), **_proof()))
    statement = (
        select(Customer.id, Customer.name, Customer.code, User.name.label("owner"), Department.name.label("department"))
        .outerjoin(User, User.id == Customer.owner_id)
        .outerjoin(Department, Department.id == Customer.department_id)
        .where(Customer.id.in_(wanted))
    )
    known: dict[UUID, Duplicate] = {}
    for row in session.execute(statement, **_proof()):
        if row.id in seen:
            known[row.id] = Duplicate(wanted[row.id], row.department or "", row.id, row.name, row.code, row.owner or "")
        else:
            known[row.id] = Duplicate(wanted[row.id], row.department or "")
    return known


def _proof() -> dict[str, Any]:
    return {"execution_options": proven(_REASON)}
