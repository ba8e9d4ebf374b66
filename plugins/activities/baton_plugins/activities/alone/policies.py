"""Who sees them: whoever sees the contact, and from the day it has a customer whoever sees that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from baton_plugins.activities.diary.whose import RIGHT as VIEW
from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.orm import aliased

from platform_core.api import (
    Actor,
    Customer,
    ListBranch,
    ListReach,
    Session,
    ThroughEngagement,
    reach_through_customers,
    with_contact,
)


class OfPerson(ThroughEngagement):
    """As of everything about customers; rows without one are visible with their contact."""

    def __init__(self, model: type[Any]) -> None:
        super().__init__(model, Customer, permission=VIEW)
        self._rows = model

    def predicate(self, actor: Actor) -> ColumnElement[bool] | None:
        through = super().predicate(actor)
        return through if through is None or not actor.can(VIEW) else or_(through, _of_alone(self._rows, actor))


def _of_alone(rows: Any, actor: Actor) -> ColumnElement[bool]:
    return and_(rows.customer_id.is_(None), rows.contact_id.is_not(None), with_contact(rows, actor))


def reach_of(model: type[Any]) -> Callable[[Session, Actor], ListReach]:
    """Rows with the actor's customers, and with their contacts that stand alone."""
    row = aliased(model)

    def reach(session: Session, actor: Actor) -> ListReach:
        alone = ListBranch("alone", row.id, _of_alone(row, actor), {})
        return reach_through_customers(session, actor, model, others=(alone,))

    return reach
