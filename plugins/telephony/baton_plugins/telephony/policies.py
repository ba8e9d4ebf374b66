"""Who sees a call: whose telephone rang, their departments' heads by scope, whoever sees its customer or contact."""

from __future__ import annotations

from typing import Any

from baton_plugins.telephony.models import Call, Ring
from sqlalchemy import ColumnElement, and_, exists, false, or_, true

from platform_core.api import Actor, Customer, Scope, ThroughCustomer, among, with_contact

VIEW, DIAL, LISTEN = "telephony.view", "telephony.dial", "telephony.listen"
_ring = Ring.__table__.alias("telephony_scope_ring")


def rung(columns: Any, actor: Actor) -> ColumnElement[bool]:
    """Rings that the actor sees; `columns`: the class or the columns of an alias."""
    if actor.scope(VIEW) == Scope.ALL:
        return true()
    parts: list[Any] = [columns.user_id == actor.user_id]
    departments = actor.departments_for(VIEW)
    if departments:
        parts.append(among(columns.department_id, departments))
    return or_(*parts)


def of_alone(columns: Any, actor: Actor) -> ColumnElement[bool]:
    """Calls of contacts without a customer that the actor sees; `columns`: the class or an alias."""
    return and_(columns.customer_id.is_(None), columns.contact_id.is_not(None), with_contact(columns, actor))


class RingPolicy:
    """Rings at telephones of the actor and, by the scope of `telephony.view`, of their departments."""

    by_kind = True

    def predicate(self, actor: Actor) -> ColumnElement[bool] | None:
        scope = actor.scope(VIEW)
        if scope == Scope.ALL:
            return None
        return false() if scope == Scope.NONE else rung(Ring, actor)


class CallPolicy:
    """Calls that rang there, and calls of customers, and of contacts that stand alone, whom the actor sees."""

    by_kind = True

    def __init__(self) -> None:
        self._customer = ThroughCustomer(Call, Customer)

    def predicate(self, actor: Actor) -> ColumnElement[bool] | None:
        scope = actor.scope(VIEW)
        if scope == Scope.ALL:
            return None
        if scope == Scope.NONE:
            return false()
        rang = exists().where(_ring.c.call_id == Call.id, rung(_ring.c, actor))
        customer = self._customer.predicate(actor)
        seen = Call.customer_id.is_not(None)
        return or_(rang, seen if customer is None else and_(seen, customer), of_alone(Call, actor))

    def given_customer(self, actor: Actor) -> ColumnElement[bool] | None:
        """Nothing besides: a call is seen by whoever sees its customer."""
        return false() if actor.scope(VIEW) == Scope.NONE else None
