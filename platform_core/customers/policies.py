"""Who sees which customers, contacts and contact points, and what belongs to either. Rows in the bin are nobody's."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, or_, select

from platform_core.contracts.identity import Actor, Scope
from platform_core.customers import models
from platform_core.kernel.idlists import among
from platform_core.permissions.policies import ThroughCustomer, customer_predicate

_contacts = models.Contact.__table__.alias("scope_contact")
_customers = models.Customer.__table__.alias("scope_customer")


class CustomerPolicy:
    """Own, team, department, subtree or all, plus what comes through the relay (permissions.policies)."""

    by_kind = True
    delegable = True

    def __init__(self, model: type[models.Customer]) -> None:
        self._model = model

    def predicate(self, actor: Actor) -> ColumnElement[bool] | None:
        inner = customer_predicate(self._model, actor)
        kept = self._model.deleted_at.is_(None)
        return kept if inner is None else and_(kept, inner)


def _standing_alone(columns: Any, actor: Actor) -> ColumnElement[bool]:
    """Contacts without a customer: their owner's and, by scope, their department's."""
    if actor.scope("customers.view") == Scope.ALL:
        free: ColumnElement[bool] = columns.customer_id.is_(None)
        return free
    parts = [columns.owner_id == actor.user_id]
    departments = actor.departments_for("customers.view")
    if departments:
        parts.append(among(columns.department_id, departments))
    return and_(columns.customer_id.is_(None), or_(*parts))


class ContactPolicy:
    """A contact is visible with its customer or, standing alone, to its owner."""

    by_kind = True
    delegable = True

    def __init__(self, model: Any) -> None:
        self._model = model

    def predicate(self, actor: Actor) -> ColumnElement[bool] | None:
        if not actor.can("customers.view"):
            return false()
        # Without the customers in the bin, whose contacts are nobody's either.
        inner = customer_predicate(_customers.c, actor)
        through = exists().where(
            _customers.c.id == self._model.customer_id,
            _customers.c.deleted_at.is_(None),
            *(() if inner is None else (inner,)),
        )
        kept: ColumnElement[bool] = self._model.deleted_at.is_(None)
        return and_(kept, or_(through, _standing_alone(self._model, actor)))


_of_contacts = ContactPolicy(_contacts.c)


def with_contact(model: Any, actor: Actor) -> ColumnElement[bool]:
    """Rows of contacts that the actor sees, by their `contact_id`."""
    inner = _of_contacts.predicate(actor)
    return exists().where(_contacts.c.id == model.contact_id, *(() if inner is None else (inner,)))


class ThroughPerson:
    """Rows are visible with their customer or with their contact, by `customer_id` and `contact_id`."""

    by_kind = True
    delegable = True

    def __init__(self, model: Any) -> None:
        self._model = model
        self._through = ThroughCustomer(model, models.Customer)

    def predicate(self, actor: Actor) -> ColumnElement[bool] | None:
        if not actor.can("customers.view"):
            return false()
        through = self._through.predicate(actor)
        return None if through is None else or_(through, self._by_contact(actor))

    def _by_contact(self, actor: Actor) -> ColumnElement[bool]:
        return with_contact(self._model, actor)


class ContactPointPolicy(ThroughPerson):
    """A contact point is visible with its customer or, of a contact that stands alone, with its contact."""

    def _by_contact(self, actor: Actor) -> ColumnElement[bool]:
        alone = select(_contacts.c.id).where(_standing_alone(_contacts.c, actor))
        return and_(self._model.customer_id.is_(None), self._model.contact_id.in_(alone))
