"""The relay's entities with their policies, its permissions, and who has them at first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from platform_core.contracts.entities import CustomerReference, Entity
from platform_core.contracts.identity import Permission
from platform_core.customers.models import Customer
from platform_core.kernel.i18n import translator
from platform_core.kernel.scope import proven
from platform_core.permissions.policies import ThroughEngagement
from platform_core.relay import models, passing
from platform_core.relay.workdays.models import CalendarDay

_ = translator("relay")
_NOBODY = "the house's routes, not about anybody"

ENTITIES = [
    Entity(models.Engagement, ThroughEngagement(models.Engagement, Customer, column="id")),
    Entity(models.Leg, ThroughEngagement(models.Leg, Customer)),
    Entity(models.RelayEvent, ThroughEngagement(models.RelayEvent, Customer)),
    Entity(models.Route, None, reason=_NOBODY),
    Entity(models.RouteStep, None, reason=_NOBODY),
    Entity(models.RouteVersion, None, reason=_NOBODY),
    Entity(CalendarDay, None, reason="the house's working days, not about anybody"),
]
REFERENCES = [
    CustomerReference(models.Engagement, "customer_id", label=_.lazy("Engagements"), rename=("title",)),
    CustomerReference(
        models.Leg, "customer_id", label=_.lazy("Legs of engagements"), blank=("note", "returned_reason", "outcome")
    ),
    CustomerReference(models.RelayEvent, "customer_id", label=_.lazy("Steps of engagements"), blank=("text",)),
]
baton_user_references = passing.baton_user_references
PERMISSIONS = [
    Permission("relay.view", _.lazy("See engagements"), delegable=True),
    Permission("relay.open", _.lazy("Open engagements"), scoped=False, act="enter"),
    Permission("relay.handover", _.lazy("Hand over"), delegable=True),
    Permission("relay.accept", _.lazy("Take over batons offered to the own department"), scoped=False),
    Permission("relay.reassign", _.lazy("Reassign legs within the department"), delegable=True),
    Permission("relay.routes", _.lazy("Manage routes"), scoped=False, act="manage"),
    Permission("relay.audience", _.lazy("See who sees a customer, and why"), scoped=False),
]

_own = {"relay.view": "own", "relay.open": "all", "relay.handover": "own", "relay.accept": "all"}
_scoped = ("relay.view", "relay.handover", "relay.reassign")
GRANTS = {
    "coordinator": _own,
    "department_head": {**_own, **dict.fromkeys(_scoped, "subtree")},
    "management": dict.fromkeys((*_scoped, "relay.open", "relay.accept", "relay.audience"), "all"),
    "office": {"relay.view": "all", "relay.routes": "all"},
    "system_admin": {"relay.routes": "all"},
    "finance": {"relay.view": "all"},
}


def under_way(session: Session, ids: Sequence[UUID]) -> Collection[UUID]:
    """Customers with work on its way through the house: nobody takes them from their owner meanwhile."""
    mine = (models.Engagement.customer_id.in_(ids), models.Engagement.state == "open")
    found = select(models.Engagement.customer_id).where(*mine).distinct()
    return session.scalars(found, execution_options=proven("whether work is under way, whoever sees it")).all()


def open_engagements(session: Session, ids: Sequence[UUID]) -> list[tuple[UUID, str]]:
    """Why the persons behind customers may not be erased yet: work on its way through the house."""
    mine = (models.Engagement.customer_id.in_(ids), models.Engagement.state == "open")
    counted = select(models.Engagement.customer_id, func.count()).where(*mine).group_by(models.Engagement.customer_id)
    found = session.execute(counted, execution_options=proven("how many, of customers that are about to be erased"))
    return [
        (
            key,
            _.ngettext(
                "%(num)d engagement is still open. Close it first.",
                "%(num)d engagements are still open. Close them first.",
                count,
            ),
        )
        for key, count in found
    ]
