"""Who sees a relation: whoever sees both customers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, and_, exists

from platform_core.contracts.identity import Actor
from platform_core.customers.models import Customer
from platform_core.permissions.policies import ThroughCustomer

_binned = Customer.__table__.alias("scope_binned")


class RelationPolicy:
    by_kind = True
    delegable = True

    def __init__(self, model: Any) -> None:
        self._columns = (model.first_id, model.second_id)
        self._sides = [
            ThroughCustomer(SimpleNamespace(customer_id=column), Customer)  # type: ignore[arg-type]
            for column in self._columns
        ]

    def predicate(self, actor: Actor) -> ColumnElement[bool] | None:
        parts = [part for side in self._sides if (part := side.predicate(actor)) is not None]
        # A customer in the bin is nobody's, and so is what it was to others.
        binned = [
            ~exists().where(_binned.c.id == column, _binned.c.deleted_at.is_not(None)) for column in self._columns
        ]
        return and_(*parts, *binned)
