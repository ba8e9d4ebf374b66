"""Relations between customers: made, ended and read from either side, never of anybody the reader does not see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.customers import meaning, queries, rights
from platform_core.customers import services as customers
from platform_core.customers.models import Customer
from platform_core.customers.relations.models import Relation
from platform_core.kernel import counters, dictionaries
from platform_core.kernel.errors import Conflict, Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.ids import new_id
from platform_core.kernel.scope import proven

_ = translator("customers")
DICTIONARY = "customers.relation"
BACK = {
    "employer": "employee", "introducer": "introduced", "parent": "subsidiary", "partner": "partner",
    "employee": "employer", "introduced": "introducer", "subsidiary": "parent",
}  # fmt: skip
"""What the one is to the other, seen from the other side; kinds that a house adds are the same from both."""
_STORED = ("employer", "introducer", "parent", "partner")
TREES = frozenset({"parent", "introducer"})
"""Nobody is their own, not by a detour either."""
_EDIT = "customers.edit"
_DEEPEST = 100
MOST_NODES = 60
MOST_HOPS = 3
_PROOF = proven("whether a circle would close, of which nothing is shown")


class RelationInput(msgspec.Struct, kw_only=True):
    """`other` is the `kind` of the customer: a customer's code, or its exact name."""

    other: Annotated[str, Meta(min_length=1, max_length=120)]
    kind: Annotated[str, Meta(min_length=1, max_length=60)]
    since: date | None = None
    until: date | None = None
    note: Annotated[str, Meta(max_length=300)] = ""


@dataclass(frozen=True, slots=True)
class Side:
    """A relation as one of the two sees it: `other` is the `word` of it."""

    id: UUID
    kind: str
    word: str
    from_id: UUID
    other: Customer
    since: date | None
    until: date | None
    note: str


@dataclass(frozen=True, slots=True)
class Graph:
    """`hops`: for each distance the relations by which its customers were reached. `more`: others were left out."""

    hops: Sequence[Sequence[Side]]
    more: bool


def add(session: Session, actor: Actor, customer_id: UUID, data: RelationInput) -> Relation:
    """Raises NotFound, Forbidden, Invalid at the field, Conflict for a circle or what is known already."""
    customer = queries.get(session, customer_id)
    rights.require(session, actor, _EDIT, customer)
    other = meaning.named(session, data.other, "other")
    if other.id == customer.id:
        raise _wrong("other", _("Choose another customer: this one cannot be related to itself."))
    entry = dictionaries.entries(session, DICTIONARY).get(data.kind)
    if entry is None or not entry.active:
        raise _wrong("kind", _("Please choose from the list."))
    if data.since and data.until and data.until < data.since:
        raise _wrong("until", _("Not before it began."))
    first, second, kind = customer, other, data.kind
    if kind in BACK and kind not in _STORED:
        first, second, kind = other, customer, BACK[kind]
    # Whoever adds relations takes turns: of two that would close a circle together, the second one sees the first.
    counters.bump(session, "customers.relations")
    same = [(Relation.first_id == first.id, Relation.second_id == second.id)]
    if BACK.get(kind, kind) == kind:
        same.append((Relation.first_id == second.id, Relation.second_id == first.id))
    known = select(Relation.id).where(Relation.kind == kind, or_(*((a & b) for a, b in same)), Relation.until.is_(None))
    if session.scalar(known.limit(1)) is not None:
        raise Conflict(_("This is known already."))
    if kind in TREES and _leads_to(session, second.id, first.id, kind):
        raise Conflict(_("This would close a circle: the one would stand above itself."))
    row = Relation(
        id=new_id(), first_id=first.id, second_id=second.id, kind=kind, since=data.since, until=data.until,
        note=data.note.strip(), created_by=actor.user_id,
    )  # fmt: skip
    session.add(row)
    for one, two, word in ((customer, other, data.kind), (other, customer, BACK.get(data.kind, data.kind))):
        after = {"relation": f"{dictionaries.label(session, DICTIONARY, word)}: {two.name}", "note": data.note}
        audit.record(session, actor, "customers.relation_add", customers.ref(one), customer_id=one.id, after=after)
    return row


def remove(session: Session, actor: Actor, customer_id: UUID, relation_id: UUID) -> None:
    """Raises NotFound, Forbidden."""
    customer = queries.get(session, customer_id)
    rights.require(session, actor, _EDIT, customer)
    mine = or_(Relation.first_id == customer_id, Relation.second_id == customer_id)
    row = session.scalars(select(Relation).where(Relation.id == relation_id, mine)).one_or_none()
    if row is None:
        raise NotFound(_("There is no such relation, or not for you."))
    other = queries.get(session, row.second_id if row.first_id == customer_id else row.first_id)
    word = row.kind if row.first_id == customer_id else BACK.get(row.kind, row.kind)
    for one, two, kind in ((customer, other, word), (other, customer, BACK.get(word, word))):
        before = {"relation": f"{dictionaries.label(session, DICTIONARY, kind)}: {two.name}", "note": row.note}
        audit.record(session, actor, "customers.relation_remove", customers.ref(one), customer_id=one.id, before=before)
    session.delete(row)


def around(session: Session, customer_id: UUID, hops: int = 1) -> Graph:
    """Who is reached from a customer that the reader has opened, by steps; at most MOST_NODES others."""
    seen = {customer_id}
    frontier = {customer_id}
    found: list[list[Side]] = []
    for _step in range(min(max(hops, 1), MOST_HOPS)):
        sides, more = _step_from(session, frontier, seen)
        if sides:
            found.append(sides)
        frontier = {side.other.id for side in sides}
        if more or not frontier:
            return Graph(found, more)
    return Graph(found, more=False)


def _step_from(session: Session, frontier: set[UUID], seen: set[UUID]) -> tuple[list[Side], bool]:
    """One statement for the relations, one for the customers. `seen` grows."""
    room = MOST_NODES - (len(seen) - 1)
    touching = or_(Relation.first_id.in_(frontier), Relation.second_id.in_(frontier))
    statement = select(Relation).where(touching, Relation.first_id != Relation.second_id)
    rows = session.scalars(statement.order_by(Relation.created_at, Relation.id).limit(MOST_NODES * 4)).all()
    wanted: list[tuple[Relation, UUID, UUID]] = []
    reached: set[UUID] = set()
    more = len(rows) == MOST_NODES * 4
    for row in rows:
        near, far = (row.first_id, row.second_id) if row.first_id in frontier else (row.second_id, row.first_id)
        if far in seen:
            continue
        if far not in reached and len(reached) >= room:
            more = True
            continue
        reached.add(far)
        wanted.append((row, near, far))
    people = {row.id: row for row in session.scalars(select(Customer).where(Customer.id.in_(reached)))}
    seen |= reached
    sides = [side_of(session, row, near, people[far]) for row, near, far in wanted if far in people]
    return sorted(sides, key=lambda side: (side.word, side.other.name)), more


def side_of(session: Session, row: Relation, near: UUID, other: Customer) -> Side:
    kind = row.kind if row.first_id == near else BACK.get(row.kind, row.kind)
    word = dictionaries.label(session, DICTIONARY, kind)
    return Side(row.id, kind, word, near, other, row.since, row.until, row.note)


def _leads_to(session: Session, start: UUID, goal: UUID, kind: str) -> bool:
    frontier, seen = {start}, {start}
    for _step in range(_DEEPEST):
        if goal in frontier:
            return True
        above = select(Relation.second_id).where(Relation.first_id.in_(frontier), Relation.kind == kind)
        frontier = set(session.scalars(above, execution_options=_PROOF)) - seen
        if not frontier:
            return False
        seen |= frontier
    return True


def _wrong(field: str, message: str) -> Invalid:
    return Invalid(_("Please check the marked fields."), fields={field: message})
