"""Who sees the pool: customers and leads without an owner, by the department they lie in.

The right to it shows a card with masked numbers and nothing that belongs to the customer; the policies of customers do
not know it. Everything else opens to whoever takes the customer.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, select, true
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor, Scope
from platform_core.customers.models import Customer
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.idlists import among
from platform_core.kernel.scope import proven
from platform_core.web.lists.reach import Among, Branch, Reach

_ = translator("customers")
SEE = "customers.pool"
POOLED = and_(Customer.deleted_at.is_(None), Customer.owner_id.is_(None), Customer.restricted_at.is_(None))
_PROOF = proven("the pool has a right of its own, and its condition is in the statement")


def _departments(actor: Actor) -> frozenset[UUID] | None:
    """Whose pools the actor sees, None for all. The narrowest reach is the own department: nobody owns these rows."""
    if actor.scope(SEE) == Scope.ALL:
        return None
    if not actor.can(SEE):
        return frozenset()
    own = {actor.department_id} if actor.department_id is not None else set()
    return actor.departments_for(SEE) | own


def of(session: Session, actor: Actor) -> Reach:
    departments = _departments(actor)
    if departments is None:
        return Reach(POOLED, predicate=true())
    if not departments:
        return Reach(POOLED, predicate=false())
    branches: tuple[Branch, ...] = (Among("pool", Customer.department_id, tuple(sorted(departments))),)
    return Reach(POOLED, branches=branches, predicate=among(Customer.department_id, departments))


def seen(actor: Actor) -> ColumnElement[bool]:
    """In which departments' pools the actor may look."""
    departments = _departments(actor)
    if departments is None:
        return true()
    return among(Customer.department_id, departments) if departments else false()


def get(session: Session, actor: Actor, customer_id: UUID, *, lock: bool = False) -> Customer:
    """A customer in a pool that the actor sees. Raises NotFound, also for one that somebody has taken meanwhile."""
    statement = select(Customer).where(Customer.id == customer_id, POOLED, seen(actor))
    if lock:
        statement = statement.with_for_update(of=Customer).execution_options(populate_existing=True)
    found: Any = session.scalars(statement, execution_options=_PROOF).one_or_none()
    if found is None:
        raise NotFound(_("This is not in the pool any more, or not in one that you see."))
    customer: Customer = found
    return customer
