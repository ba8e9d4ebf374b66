"""Which contacts an actor sees, in shapes that stay fast at a million rows; the same rows as `ContactPolicy` allows.

As `row_reach` says of all rows that hang on customers; and there are contacts who stand alone.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, false
from sqlalchemy.orm import Session, aliased

from platform_core.contracts.identity import Actor, Scope
from platform_core.customers import row_reach
from platform_core.customers.models import Contact, Customer
from platform_core.customers.reach import PERMISSION
from platform_core.customers.widths import is_wide
from platform_core.kernel.scope import readable
from platform_core.web.lists.reach import Branch, Linked, Reach

_WIDE = 20_000
"""Customers of departments beyond which walking beats sorting."""
_KEPT = Contact.deleted_at.is_(None)
_peer = aliased(Contact)
_ALONE = and_(_peer.deleted_at.is_(None), _peer.customer_id.is_(None))


def of(session: Session, actor: Actor) -> Reach:
    """The actor's contacts as branches, or as one condition for scopes over very many."""
    scope = actor.scope(PERMISSION)
    if any(party.scope(PERMISSION) == Scope.ALL for party in actor.parties):
        return Reach(_KEPT, whole=True)
    if any(lender.can(PERMISSION) for lender in actor.deputy_for):
        return Reach(_KEPT, predicate=readable(session, Contact))
    if scope == Scope.NONE:
        return Reach(_KEPT, predicate=false())
    departments = actor.departments_for(PERMISSION)
    theirs = Customer.department_id.in_(departments)
    wide = bool(departments) and is_wide(session, "customers", departments, theirs, _WIDE)
    branches = () if wide else _branches(actor, sorted(departments))
    return Reach(_KEPT, branches=branches, predicate=readable(session, Contact))


def _branches(actor: Actor, departments: list[UUID]) -> tuple[Branch, ...]:
    alone: list[Branch] = [
        Linked(
            "alone",
            _peer.id,
            and_(_ALONE, _peer.owner_id == bindparam("contact_user")),
            {"contact_user": actor.user_id},
        )
    ]
    if departments:
        among: Any = bindparam("contact_departments", expanding=True)
        condition = and_(_ALONE, _peer.department_id.in_(among))
        alone.append(Linked("department_alone", _peer.id, condition, {"contact_departments": departments}))
    return (*row_reach.branches_of(actor, Contact.customer_id, departments), *alone)
