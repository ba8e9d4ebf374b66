"""Who makes a visit: as the cycle says, else whoever looks after the customer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from baton_plugins.activities.cycles.models import Cycle, CycleRun
from sqlalchemy import select

from platform_core.api import (
    Actor,
    Customer,
    Leg,
    Scope,
    Session,
    User,
    among,
    load_actor,
    proven,
    right_holders,
    seen_by,
)

_HEADS = "activities.correct"
PROOF = proven("customers on a cycle: the house's own work, whoever writes down the visit before")

Pairs = Sequence[tuple[Customer, CycleRun | None]]
"""Customers with their runs, where they have one already"""


class Visitor(NamedTuple):
    """`engagement_id`: of the baton that they hold, to which the visit belongs then."""

    user_id: UUID
    department_id: UUID | None
    engagement_id: UUID | None = None


def visitors(session: Session, cycle: Cycle, pairs: Pairs) -> dict[UUID, Visitor]:
    """By customer; those whom nobody looks after are left out."""
    customers = [customer for customer, _run in pairs]
    chosen = _chosen(session, cycle, pairs)
    wanted = {one.user_id for one in chosen.values()} | {one.owner_id for one in customers if one.owner_id}
    at_work = _at_work(session, wanted)
    found: dict[UUID, Visitor] = {}
    for customer in customers:
        first = chosen.get(customer.id)
        if first is not None and first.user_id in at_work:
            found[customer.id] = first._replace(department_id=at_work[first.user_id])
        elif customer.owner_id in at_work:
            found[customer.id] = Visitor(customer.owner_id, at_work[customer.owner_id])
    return found


def _at_work(session: Session, people: Iterable[UUID]) -> dict[UUID, UUID | None]:
    """Person -> department."""
    rows = session.execute(select(User.id, User.department_id).where(among(User.id, people), User.status == "active"))
    return {row[0]: row[1] for row in rows}


def _chosen(session: Session, cycle: Cycle, pairs: Pairs) -> Mapping[UUID, Visitor]:
    customers = [customer for customer, _run in pairs]
    if cycle.who == "holder":
        return _holders(session, pairs)
    if cycle.who == "head":
        heads = [holder.actor for holder in right_holders(session, (_HEADS,))]
        near = {one.department_id: _head_of(heads, one.department_id) for one in customers}
        return {one.id: Visitor(head, None) for one in customers if (head := near[one.department_id])}
    if cycle.who == "person" and cycle.user_id:
        person = load_actor(session, cycle.user_id)
        # Nobody is given a visit to a customer whom they cannot see.
        seen = seen_by(session, person, Customer, [one.id for one in customers]) if person else set()
        return {key: Visitor(cycle.user_id, None) for key in seen}
    return {}


def _head_of(heads: Sequence[Actor], department_id: UUID | None) -> UUID | None:
    """Whoever has the fewest departments below them is nearest."""
    near = [one for one in heads if department_id in one.departments_for(_HEADS) and one.scope(_HEADS) != Scope.ALL]
    nearest = min(near, key=lambda one: (len(one.departments_for(_HEADS)), one.name), default=None)
    return nearest.user_id if nearest else None


def _holders(session: Session, pairs: Pairs) -> dict[UUID, Visitor]:
    """Of the engagement that the days count from where it still runs, else of the one that was taken over last."""
    mine = among(Leg.customer_id, [customer.id for customer, _run in pairs])
    held = (
        select(Leg.customer_id, Leg.assignee_id, Leg.engagement_id)
        .where(mine, Leg.state == "active")
        .order_by(Leg.accepted_at)
    )
    own = {customer.id: run.engagement_id for customer, run in pairs if run is not None}
    found: dict[UUID, Visitor] = {}
    for customer_id, person, engagement_id in session.execute(held, execution_options=PROOF):
        known = found.get(customer_id)
        if person is not None and (known is None or known.engagement_id != own.get(customer_id)):
            found[customer_id] = Visitor(person, None, engagement_id)
    return found
