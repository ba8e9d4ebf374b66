"""Scope policies that several entities share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, literal, literal_column, or_, select, true

from platform_core.contracts.identity import Actor, Scope
from platform_core.kernel.idlists import among
from platform_core.kernel.readers import this_moment
from platform_core.permissions.models import Access

_access = Access.__table__.alias("scope_access")


def live(access: Any = Access) -> ColumnElement[bool]:
    """Access that has not ended when the statement runs; `access`: the class, or the columns of an alias."""
    found: ColumnElement[bool] = or_(access.until.is_(None), access.until > this_moment())
    return found


def accessible(
    actor: Actor, key: Any, column: str, permission: str, *, take_over: str = "relay.accept"
) -> ColumnElement[bool]:
    """Whether an access row that includes the actor names `key` in its `column` (customer_id or engagement_id).

    Their own memberships and shares, batons offered to them or to their department, and, where the scope of
    `permission` covers departments, everything those departments have or had a leg in.

    Probed by the key, row by row: the set of everything that a branch has or had a leg in is too large to be built for
    one page, and neither database knows that beforehand. OFFSET 0 keeps PostgreSQL from building and hashing it, which
    cost 70 ms a statement for a branch with 240,000 legs.
    """
    routes = [_access.c.user_id == actor.user_id]
    if actor.can(take_over) and actor.department_ids:
        routes.append(and_(among(_access.c.department_id, actor.department_ids), _access.c.kind == "offer"))
    departments = actor.departments_for(permission)
    if departments:
        routes.append(among(_access.c.department_id, departments))
    found = select(literal(1)).where(_access.c[column] == key, live(_access.c), or_(*routes))
    return _probe(exists(found.offset(literal_column("0"))))


def _probe(found: ColumnElement[bool]) -> ColumnElement[bool]:
    """`IS TRUE` keeps PostgreSQL from making a join of it: with five of those a page's plan took 40 ms to be found."""
    return found.is_(true())


def customer_predicate(model: Any, actor: Actor, permission: str = "customers.view") -> ColumnElement[bool] | None:
    """`model` has owner_id, team_id, department_id and id: the mapped Customer or an alias of its table."""
    scope = actor.scope(permission)
    if scope == Scope.ALL:
        return None
    if scope == Scope.NONE:
        return false()
    parts: list[Any] = [model.owner_id == actor.user_id]
    if scope >= Scope.TEAM and actor.team_ids:
        parts.append(among(model.team_id, actor.team_ids))
    departments = actor.departments_for(permission)
    if departments:
        parts.append(among(model.department_id, departments))
    parts.append(accessible(actor, model.id, "customer_id", permission))
    return or_(*parts)


class ThroughCustomer:
    """Rows that are visible when their customer is, by their `customer_id`."""

    by_kind = True
    delegable = True

    def __init__(self, model: type[Any], customers: Any) -> None:
        self._model = model
        self._customers = customers.__table__.alias("scope_customer")

    def predicate(self, actor: Actor) -> ColumnElement[bool] | None:
        inner = customer_predicate(self._customers.c, actor)
        if inner is None:
            return None
        return _probe(exists().where(self._customers.c.id == self._model.customer_id, inner))

    def given_customer(self, actor: Actor) -> ColumnElement[bool] | None:
        """What must hold besides for rows of a customer whom the actor sees; None: nothing."""
        return None


class ThroughEngagement:
    """Rows that are visible when their customer is and, if they belong to an engagement, when that is too."""

    by_kind = True
    delegable = True

    def __init__(
        self, model: type[Any], customers: Any, *, column: str = "engagement_id", permission: str = ""
    ) -> None:
        """`permission` is the owner's own right to view, where it has one; the narrower of it and relay.view counts."""
        self._model = model
        self._column = column
        self._customer = ThroughCustomer(model, customers)
        self._permission = permission

    def predicate(self, actor: Actor) -> ColumnElement[bool] | None:
        parts = [self._customer.predicate(actor), self.given_customer(actor)]
        found = [part for part in parts if part is not None]
        return and_(*found) if found else None

    def given_customer(self, actor: Actor) -> ColumnElement[bool] | None:
        """See ThroughCustomer."""
        if self._permission and not actor.can(self._permission):
            return false()
        column = getattr(self._model, self._column)
        narrower = min(("relay.view", self._permission or "relay.view"), key=actor.scope)
        engagement = engagement_predicate(column, actor, narrower)
        if engagement is None:
            return None
        return or_(column.is_(None), engagement) if column.nullable else engagement


def engagement_predicate(column: Any, actor: Actor, permission: str = "relay.view") -> ColumnElement[bool] | None:
    """`column` holds engagement ids; None means every engagement."""
    scope = actor.scope(permission)
    if scope == Scope.ALL:
        return None
    if scope == Scope.NONE:
        return false()
    return accessible(actor, column, "engagement_id", permission)
