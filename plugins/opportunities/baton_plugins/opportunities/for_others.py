"""Opportunities as other plugins read them, behind OPPORTUNITIES."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pluggy
from baton_plugins.opportunities import queries
from baton_plugins.opportunities.models import Opportunity
from sqlalchemy import select

from platform_core.api import OPPORTUNITIES, OpportunityRef, Provider, Session, actor_of

hookimpl = pluggy.HookimplMarker("baton")
VIEW = "opportunities.view"


class Reader:
    """Whoever may see no opportunities has none."""

    def one(self, session: Session, opportunity_id: UUID, /) -> OpportunityRef | None:
        found = session.scalars(select(Opportunity).where(Opportunity.id == opportunity_id)).one_or_none()
        return _ref(found) if found is not None and _may(session) else None

    def of_customer(self, session: Session, customer_id: UUID, /) -> list[OpportunityRef]:
        if not _may(session):
            return []
        return [_ref(row.opportunity) for row in queries.of_customer(session, customer_id)]

    def url(self, opportunity_id: UUID, /) -> str:
        return f"/opportunities/{opportunity_id}"


def _may(session: Session) -> bool:
    return actor_of(session).can(VIEW)


def _ref(row: Opportunity) -> OpportunityRef:
    return OpportunityRef(row.id, row.title, row.customer_id, row.engagement_id, row.owner_id, row.stage == "open")


@hookimpl
def baton_ports() -> list[Provider[Any]]:
    return [Provider(OPPORTUNITIES, Reader())]
