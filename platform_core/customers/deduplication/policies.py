"""Who sees a pair: whoever sees both."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, and_

from platform_core.contracts.identity import Actor
from platform_core.customers.models import Customer
from platform_core.permissions.policies import ThroughCustomer


class PairPolicy:
    by_kind = True

    def __init__(self, model: Any) -> None:
        self._sides = [
            ThroughCustomer(SimpleNamespace(customer_id=side), Customer)  # type: ignore[arg-type]
            for side in (model.first_id, model.second_id)
        ]

    def predicate(self, actor: Actor) -> ColumnElement[bool] | None:
        parts = [part for side in self._sides if (part := side.predicate(actor)) is not None]
        return and_(*parts) if parts else None
