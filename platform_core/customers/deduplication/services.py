"""What people decide about pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.customers import merging, queries, rights
from platform_core.customers.deduplication.models import APART, OPEN, DuplicatePair
from platform_core.customers.models import Customer
from platform_core.kernel.clock import now
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.idlists import among
from platform_core.web import cursors

_ = translator("customers")
PERMISSION = merging.PERMISSION
PAGE = 20


@dataclass(frozen=True, slots=True)
class Page:
    """Pairs of which the actor sees both sides, the likeliest first. `known`: id -> customer; `next`: cursor or ""."""

    pairs: Sequence[DuplicatePair]
    known: Mapping[UUID, Customer]
    next: str


def page_of(session: Session, actor: Actor, state: str = OPEN, cursor: str = "", limit: int = PAGE) -> Page:
    """Audited as a list of the customers that it shows. Raises Invalid for a cursor that is none."""
    statement = select(DuplicatePair).where(DuplicatePair.state == state)
    if cursor:
        points, key = cursors.decode(cursor, 2)
        further = and_(DuplicatePair.score == points, DuplicatePair.id < key)
        statement = statement.where(or_(DuplicatePair.score < points, further))
    order = (DuplicatePair.score.desc(), DuplicatePair.id.desc())
    found = list(session.scalars(statement.order_by(*order).limit(limit + 1)))
    last = found[limit - 1] if len(found) > limit else None
    ids = {key for pair in found[:limit] for key in (pair.first_id, pair.second_id)}
    known: dict[UUID, Customer] = {
        row.id: row for row in session.scalars(select(Customer).where(among(Customer.id, ids)))
    }
    # One side may have gone into the bin since the scan.
    whole = [pair for pair in found[:limit] if pair.first_id in known and pair.second_id in known]
    audit.record(session, actor, "customers.duplicates", ids=list(known), after={"state": state})
    return Page(whole, known, cursors.encode([last.score, last.id]) if last else "")


def set_apart(session: Session, actor: Actor, pair_id: UUID) -> DuplicatePair:
    """They are not the same: no scan shows the pair as open again. Raises NotFound, Forbidden."""
    return _decide(session, actor, pair_id, APART)


def reopen(session: Session, actor: Actor, pair_id: UUID) -> DuplicatePair:
    """The way back from `set_apart`. Raises NotFound, Forbidden."""
    return _decide(session, actor, pair_id, OPEN)


def _decide(session: Session, actor: Actor, pair_id: UUID, state: str) -> DuplicatePair:
    pair = session.scalars(select(DuplicatePair).where(DuplicatePair.id == pair_id).with_for_update()).one_or_none()
    if pair is None:
        raise NotFound(_("There is no such pair, or not for you."))
    sides = [queries.get(session, key) for key in (pair.first_id, pair.second_id)]
    for customer in sides:
        rights.require(session, actor, PERMISSION, customer)
    before, pair.state = pair.state, state
    decided = (now(), actor.user_id, actor.name) if state == APART else (None, None, "")
    pair.decided_at, pair.decided_by, pair.decided_label = decided
    ref = EntityRef("customers", "duplicate_pair", pair.id, f"{sides[0].code} / {sides[1].code}")
    for customer in sides:
        audit.record(
            session, actor, "customers.pair_decided", ref, customer_id=customer.id, before={"state": before},
            after={"state": state},
        )  # fmt: skip
    return pair
