"""Who sees whose consent, and which requests of persons."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, or_

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
        return or_(through, _with_contact(self._model, actor))


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
        return or_(nobody, through, _with_contact(self._model, actor))


def _with_contact(model: Any, actor: Actor) -> ColumnElement[bool]:
    inner = _of_contacts.predicate(actor)
    return exists().where(_contacts.c.id == model.contact_id, *(() if inner is None else (inner,)))
