"""Who sees whose consent, and which requests of persons."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, exists, false, or_

from platform_core.contracts.identity import Actor
from platform_core.customers.models import Contact, Customer
from platform_core.customers.policies import ContactPolicy
from platform_core.permissions.policies import ThroughCustomer

HANDLE = "privacy.handle"
_contacts = Contact.__table__.alias("scope_consenting")
_of_contacts = ContactPolicy(_contacts.c)


class ConsentPolicy:
    """Rows are visible with their customer or their contact."""

    by_kind = True
    delegable = True

    def __init__(self, model: Any) -> None:
        self._model = model
        self._through = ThroughCustomer(model, Customer)

    def predicate(self, actor: Actor) -> ColumnElement[bool] | None:
        if not actor.can("customers.view"):
            return false()
        through = self._through.predicate(actor)
        if through is None:
            return None
        inner = _of_contacts.predicate(actor)
        contact = exists().where(_contacts.c.id == self._model.contact_id, *(() if inner is None else (inner,)))
        return or_(through, contact)


class RegisterPolicy:
    """For who handles requests: those about customers they see, and those about nobody in the house."""

    by_kind = True

    def __init__(self, model: Any) -> None:
        self._model = model
        self._through = ThroughCustomer(model, Customer)

    def predicate(self, actor: Actor) -> ColumnElement[bool] | None:
        if not actor.can(HANDLE):
            return false()
        through = self._through.predicate(actor)
        return None if through is None else or_(self._model.customer_id.is_(None), through)
