"""Which customers an actor sees, in shapes that stay fast at a million rows.

The same rows as `CustomerPolicy` allows: tests/core/customers/test_list_reach.py compares them for random actors.
"""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, exists, false, func, literal, or_, select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor, Scope
from platform_core.customers.models import Customer
from platform_core.kernel.clock import now
from platform_core.kernel.database import database_of
from platform_core.kernel.idlists import among
from platform_core.permissions.models import Access
from platform_core.web.lists.reach import Among, Branch, Linked, Reach

PERMISSION = "customers.view"
_WIDE = 3000
_WIDTH_SECONDS = 60
_KEPT = Customer.deleted_at.is_(None)
_LIVE = or_(Access.until.is_(None), Access.until > bindparam("access_now", type_=Access.until.type))
_MINE = and_(Access.user_id == bindparam("access_user", type_=Access.user_id.type), _LIVE)
_OFFERED = and_(Access.department_id.in_(bindparam("access_offered_to", expanding=True)), Access.kind == "offer", _LIVE)
_OF_DEPARTMENTS = and_(Access.department_id.in_(bindparam("access_departments", expanding=True)), _LIVE)
_widths: dict[tuple[str, frozenset[UUID]], tuple[float, bool]] = {}


def of(session: Session, actor: Actor) -> Reach:
    """The actor's customers as branches and as one predicate."""
    scope = actor.scope(PERMISSION)
    if scope == Scope.ALL:
        return Reach(_KEPT, whole=True)
    if scope == Scope.NONE:
        return Reach(_KEPT, predicate=false())
    return Reach(_KEPT, branches=_branches(session, actor, scope), predicate=predicate(actor))


def predicate(actor: Actor) -> ColumnElement[bool]:
    """One condition over Customer. Access is probed row by row, so it suits statements that other conditions lead."""
    scope = actor.scope(PERMISSION)
    if scope == Scope.ALL:
        return _KEPT
    if scope == Scope.NONE:
        return false()
    parts: list[ColumnElement[bool]] = [Customer.owner_id == actor.user_id]
    if scope >= Scope.TEAM and actor.team_ids:
        parts.append(among(Customer.team_id, actor.team_ids))
    departments = sorted(actor.departments_for(PERMISSION))
    if departments:
        parts.append(among(Customer.department_id, departments))
    who = [Access.user_id == actor.user_id]
    if _takes_over(actor):
        who.append(and_(among(Access.department_id, actor.department_ids), Access.kind == "offer"))
    if departments:
        who.append(among(Access.department_id, departments))
    live = or_(Access.until.is_(None), Access.until > now())
    parts.append(exists().where(Access.customer_id == Customer.id, live, or_(*who)))
    return and_(_KEPT, or_(*parts))


def _takes_over(actor: Actor) -> bool:
    return actor.can("relay.accept") and bool(actor.department_ids)


def _branches(session: Session, actor: Actor, scope: Scope) -> tuple[Branch, ...]:
    moment = {"access_now": now()}
    branches: list[Branch] = [
        Among("owner", Customer.owner_id, (actor.user_id,)),
        Linked("mine", Access.customer_id, _MINE, {**moment, "access_user": actor.user_id}),
    ]
    if scope >= Scope.TEAM and actor.team_ids:
        branches.append(Among("team", Customer.team_id, tuple(sorted(actor.team_ids))))
    departments = actor.departments_for(PERMISSION)
    if departments:
        branches.append(Among("department", Customer.department_id, tuple(sorted(departments))))
        named = {**moment, "access_departments": sorted(departments)}
        wide = _is_wide(session, departments)
        branches.append(Linked("legs", Access.customer_id, _OF_DEPARTMENTS, named, many=True, wide=wide))
    if _takes_over(actor) and not actor.department_ids <= departments:
        offered: dict[str, Any] = {**moment, "access_offered_to": sorted(actor.department_ids)}
        branches.append(Linked("offers", Access.customer_id, _OFFERED, offered))
    return tuple(branches)


def _is_wide(session: Session, departments: frozenset[UUID]) -> bool:
    """Whether so much came to these departments that sorting it would take longer than walking the order."""
    database = database_of(session)
    if not database.is_sqlite:
        return False
    key = (database.url, departments)
    moment = time.monotonic()
    known = _widths.get(key)
    if known and moment - known[0] < _WIDTH_SECONDS:
        return known[1]
    rows = select(literal(1)).where(among(Access.department_id, departments)).limit(_WIDE)
    wide = session.scalar(select(func.count()).select_from(rows.subquery())) == _WIDE
    if len(_widths) > 1000:
        _widths.clear()
    _widths[key] = (moment, wide)
    return wide
