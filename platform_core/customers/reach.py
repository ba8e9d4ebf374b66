"""Which customers an actor sees, in shapes that stay fast at a million rows.

The same rows as `CustomerPolicy` allows: tests/core/customers/test_list_reach.py compares them for random actors.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, bindparam, false
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor, Scope
from platform_core.customers.models import Customer
from platform_core.customers.widths import is_wide
from platform_core.kernel.database import database_of
from platform_core.kernel.idlists import among
from platform_core.kernel.scope import readable
from platform_core.permissions.models import Access
from platform_core.permissions.policies import live
from platform_core.web.lists.reach import Among, Branch, Linked, Narrow, Reach

PERMISSION = "customers.view"
_WIDE = 3000
_MUCH = 20_000
"""Customers of whom reading each takes SQLite as long as what conditions compare of 100,000."""
NARROW = Narrow(
    "ix_customers_customer_by_conditions",
    ("updated_at", "id", "status", "grade", "classification", "industry", "region", "source", "kind", "size", "nature",
     "work_status", "education", "gender", "birth_month", "city", "position", "contact_name", "legal_person", "intent",
     "name", "collected_on", "last_contact_at", "next_plan_at", "created_at"),
)  # fmt: skip
"""On SQLite. One index for all that lists are asked for: of one for each it would take the wrong ones, without
statistics, and of two frequent values that seldom meet neither leads to few rows."""
_KEPT = Customer.deleted_at.is_(None)
_MINE = and_(Access.user_id == bindparam("access_user", type_=Access.user_id.type), live())
_OFFERED = and_(
    Access.department_id.in_(bindparam("access_offered_to", expanding=True)), Access.kind == "offer", live()
)
_OF_DEPARTMENTS = and_(Access.department_id.in_(bindparam("access_departments", expanding=True)), live())


def of(session: Session, actor: Actor) -> Reach:
    """The actor's customers as branches and as one predicate."""
    scope = actor.scope(PERMISSION)
    if any(party.scope(PERMISSION) == Scope.ALL for party in actor.parties):
        return Reach(_KEPT, whole=True, narrow=NARROW)
    if any(lender.can(PERMISSION) for lender in actor.deputy_for):
        return Reach(_KEPT, predicate=readable(session, Customer))
    if scope == Scope.NONE:
        return Reach(_KEPT, predicate=false())
    departments = actor.departments_for(PERMISSION)
    theirs = among(Customer.department_id, departments)
    much = database_of(session).is_sqlite and is_wide(session, "narrow", departments, theirs, _MUCH)
    return Reach(
        _KEPT,
        branches=_branches(session, actor, scope),
        predicate=readable(session, Customer),
        narrow=NARROW if much else None,
    )


def _takes_over(actor: Actor) -> bool:
    return actor.can("relay.accept") and bool(actor.department_ids)


def _branches(session: Session, actor: Actor, scope: Scope) -> tuple[Branch, ...]:
    branches: list[Branch] = [
        Among("owner", Customer.owner_id, (actor.user_id,)),
        Linked("mine", Access.customer_id, _MINE, {"access_user": actor.user_id}),
    ]
    if scope >= Scope.TEAM and actor.team_ids:
        branches.append(Among("team", Customer.team_id, tuple(sorted(actor.team_ids))))
    departments = actor.departments_for(PERMISSION)
    if departments:
        branches.append(Among("department", Customer.department_id, tuple(sorted(departments))))
        named = {"access_departments": sorted(departments)}
        wide = is_wide(session, "access", departments, among(Access.department_id, departments), _WIDE)
        branches.append(Linked("legs", Access.customer_id, _OF_DEPARTMENTS, named, many=True, wide=wide))
    if _takes_over(actor) and not actor.department_ids <= departments:
        offered: dict[str, Any] = {"access_offered_to": sorted(actor.department_ids)}
        branches.append(Linked("offers", Access.customer_id, _OFFERED, offered))
    return tuple(branches)
