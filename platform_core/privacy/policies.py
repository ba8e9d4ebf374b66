"""Who sees which requests of persons."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_

from platform_core.contracts.identity import Actor
from platform_core.customers.models import Customer
from platform_core.customers.policies import with_contact
from platform_core.permissions.policies import ThroughCustomer

HANDLE = "privacy.handle"


class RegisterPolicy:
    """For who handles requests: those about customers and contacts they see, and about nobody in the house."""

    by_kind = True

    def __init__(self, model: Any) -> None:
        self._model = model
        self._through = ThroughCustomer(model, Customer)

    def predicate(self, actor: Actor) -> ColumnElement[bool] | None:
        if not actor.can(HANDLE):
            return false()
        through = self._through.predicate(actor)
        if through is None:
            return None
        nobody = and_(self._model.customer_id.is_(None), self._model.contact_id.is_(None))
        return or_(nobody, through, with_contact(self._model, actor))
