"""Rows that hang on customers, such as plans and calls, in shapes that stay fast however many there are.

Such a row knows its customer and nothing of the customer's owner and departments, so no index serves an order within
them. Few customers are looked up and their rows sorted; where departments have very many, their rows are so frequent
that walking the order and probing finds a page soon.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isqrt
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, or_, true
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor, Scope
from platform_core.customers.models import Customer
from platform_core.customers.reach import PERMISSION
from platform_core.customers.widths import is_wide, size_of_house
from platform_core.kernel.protected import policies
from platform_core.kernel.scope import readable
from platform_core.permissions.models import Access
from platform_core.permissions.policies import live
from platform_core.web.lists.reach import Branch, Linked, Reach

WIDE = 2000
"""Customers beyond which walking beats looking up the rows of each, in a house of 65,000."""
_WIDER = 60
"""A walk to a page of forty takes the longer the smaller a part of the house one sees, and looking up the longer the
more that is: both cost the same at the root of 60 houses."""
_PART = 20
"""A thousand rows are counted sooner by looking them up for whoever sees a smaller part of the house than one in 20."""


def through_customers(
    session: Session,
    actor: Actor,
    model: Any,
    *,
    kept: ColumnElement[bool] | None = None,
    others: Sequence[Branch] = (),
    wide: bool = False,
) -> Reach:
    """The reach of a list of `model`, which has a `customer_id`.

    Of the policy of `model` stands in every branch what is left of it once the customer is seen (`given_customer`),
    or all of it where it does not say. So `others` need only bring rows that a policy allows besides those of the
    actor's customers. `kept` holds for every row of the list; `wide`: the actor sees so many rows that walking down
    the order finds some soon.
    """
    kept = true() if kept is None else kept
    own = readable(session, model)
    if own is None:
        return Reach(kept, predicate=kept)
    departments = actor.departments_for(PERMISSION)
    theirs = or_(Customer.owner_id == actor.user_id, Customer.department_id.in_(departments))
    searched = not any(lender.can(PERMISSION) for lender in actor.deputy_for) and actor.scope(PERMISSION) != Scope.ALL
    if not searched:
        return Reach(kept, predicate=own)
    branches = (*branches_of(actor, model.customer_id, sorted(departments)), *others)
    looked_up = Reach(and_(kept, _besides(actor, model, own)), branches=branches, predicate=own, own_statements=True)
    house = size_of_house(session)
    worth_it = max(WIDE, isqrt(_WIDER * house))
    if not (wide or is_wide(session, f"rows of {actor.user_id}", departments, theirs, worth_it)):
        return looked_up
    few = house > 0 and not is_wide(session, f"many rows of {actor.user_id}", departments, theirs, house // _PART + 1)
    return Reach(kept, predicate=own, counted=looked_up if few else None)


def _besides(actor: Actor, model: Any, own: ColumnElement[bool]) -> ColumnElement[bool]:
    policy = policies[model]
    if not hasattr(policy, "given_customer") or actor.deputy_for:
        return own
    found: ColumnElement[bool] | None = policy.given_customer(actor)
    return true() if found is None else found


def branches_of(actor: Actor, customer_id: Any, departments: list[UUID]) -> list[Branch]:
    """Rows of the actor's customers; `customer_id` is the rows' own column."""
    there = Customer.deleted_at.is_(None)
    through = and_(there, Access.customer_id == Customer.id, live())

    def linked(name: str, condition: ColumnElement[bool], parameters: Mapping[str, Any]) -> Linked:
        return Linked(name, Customer.id, condition, parameters, via=customer_id)

    mine = {"row_user": actor.user_id}
    me = bindparam("row_user", type_=Access.user_id.type)
    branches: list[Branch] = [
        linked("owner", and_(there, Customer.owner_id == me), mine),
        linked("mine", and_(through, Access.user_id == me), mine),
    ]
    if actor.scope(PERMISSION) >= Scope.TEAM and actor.team_ids:
        teams = Customer.team_id.in_(bindparam("row_teams", expanding=True))
        branches.append(linked("team", and_(there, teams), {"row_teams": sorted(actor.team_ids)}))
    if departments:
        named = {"row_departments": departments}
        among: Any = bindparam("row_departments", expanding=True)
        branches.append(linked("department", and_(there, Customer.department_id.in_(among)), named))
        branches.append(linked("legs", and_(through, Access.department_id.in_(among)), named))
    if actor.can("relay.accept") and actor.department_ids:
        offered: Any = bindparam("row_offered", expanding=True)
        condition = and_(through, Access.department_id.in_(offered), Access.kind == "offer")
        branches.append(linked("offers", condition, {"row_offered": sorted(actor.department_ids)}))
    return branches
