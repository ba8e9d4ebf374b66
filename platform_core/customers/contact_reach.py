"""Which contacts an actor sees, in shapes that stay fast at a million rows; the same rows as `ContactPolicy` allows.

A contact knows its customer and nothing of the customer's owner and departments, so no index serves an order within
them. Few customers are looked up and their contacts sorted; where departments have very many, their contacts are so
frequent that walking the order and probing finds a page soon.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, false
from sqlalchemy.orm import Session, aliased

from platform_core.contracts.identity import Actor, Scope
from platform_core.customers.models import Contact, Customer
from platform_core.customers.reach import PERMISSION
from platform_core.customers.widths import is_wide
from platform_core.kernel.scope import readable
from platform_core.permissions.models import Access
from platform_core.permissions.policies import live
from platform_core.web.lists.reach import Branch, Linked, Reach

_WIDE = 20_000
"""Customers of departments beyond which walking beats sorting."""
_KEPT = Contact.deleted_at.is_(None)
_peer = aliased(Contact)
_WITH = and_(_peer.deleted_at.is_(None), _peer.customer_id == Customer.id, Customer.deleted_at.is_(None))
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
    branches = () if wide else _branches(actor, scope, sorted(departments))
    return Reach(_KEPT, branches=branches, predicate=readable(session, Contact))


def _branches(actor: Actor, scope: Scope, departments: list[UUID]) -> tuple[Branch, ...]:
    me = bindparam("contact_user", type_=Access.user_id.type)
    mine = {"contact_user": actor.user_id}
    through = and_(_WITH, Access.customer_id == Customer.id, live())
    branches = [
        _linked("owner", and_(_WITH, Customer.owner_id == me), mine),
        _linked("alone", and_(_ALONE, _peer.owner_id == me), mine),
        _linked("mine", and_(through, Access.user_id == me), mine),
    ]
    if scope >= Scope.TEAM and actor.team_ids:
        teams = Customer.team_id.in_(bindparam("contact_teams", expanding=True))
        branches.append(_linked("team", and_(_WITH, teams), {"contact_teams": sorted(actor.team_ids)}))
    if departments:
        named = {"contact_departments": departments}
        among: Any = bindparam("contact_departments", expanding=True)
        branches.append(_linked("department", and_(_WITH, Customer.department_id.in_(among)), named))
        branches.append(_linked("department_alone", and_(_ALONE, _peer.department_id.in_(among)), named))
        branches.append(_linked("legs", and_(through, Access.department_id.in_(among)), named))
    if actor.can("relay.accept") and actor.department_ids:
        offered: Any = bindparam("contact_offered", expanding=True)
        condition = and_(through, Access.department_id.in_(offered), Access.kind == "offer")
        branches.append(_linked("offers", condition, {"contact_offered": sorted(actor.department_ids)}))
    return tuple(branches)


def _linked(name: str, condition: ColumnElement[bool], parameters: dict[str, Any]) -> Linked:
    return Linked(name, _peer.id, condition, parameters)
