"""Who sees a call: whose telephone rang, their departments' heads by scope, and whoever sees its customer."""

from __future__ import annotations

from typing import Any

from baton_plugins.telephony.models import Call, Ring
from sqlalchemy import ColumnElement, and_, exists, false, or_

from platform_core.api import Actor, Customer, Scope, ThroughCustomer, among

VIEW, DIAL, LISTEN = "telephony.view", "telephony.dial", "telephony.listen"
_ring = Ring.__table__.alias("telephony_scope_ring")


def _mine(columns: Any, actor: Actor) -> ColumnElement[bool]:
    parts: list[Any] = [columns.user_id == actor.user_id]
    departments = actor.departments_for(VIEW)
    if departments:
        parts.append(among(columns.department_id, departments))
    return or_(*parts)


class RingPolicy:
    """Rings at telephones of the actor and, by the scope of `telephony.view`, of their departments."""

    by_kind = True

    def predicate(self, actor: Actor) -> ColumnElement[bool] | None:
        scope = actor.scope(VIEW)
        if scope == Scope.ALL:
            return None
        return false() if scope == Scope.NONE else _mine(Ring, actor)


class CallPolicy:
    """Calls that rang there, and calls of customers whom the actor sees."""

    by_kind = True

    def __init__(self) -> None:
        self._customer = ThroughCustomer(Call, Customer)

    def predicate(self, actor: Actor) -> ColumnElement[bool] | None:
        scope = actor.scope(VIEW)
        if scope == Scope.ALL:
            return None
        if scope == Scope.NONE:
            return false()
        rang = exists().where(_ring.c.call_id == Call.id, _mine(_ring.c, actor))
        customer = self._customer.predicate(actor)
        seen = Call.customer_id.is_not(None)
        return or_(rang, seen if customer is None else and_(seen, customer))
