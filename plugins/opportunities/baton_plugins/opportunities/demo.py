"""Project types with their routes, opportunities and contracts of the demo."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pluggy
from baton_plugins.opportunities.models import Contract, Opportunity, ProjectType, Words, words_row
from sqlalchemy import select

from platform_core.api import DemoContext, DemoData, DemoHouse, Session, new_id

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_demo_data() -> list[DemoData]:
    return [DemoData(30, load, prepare)]


def prepare(session: Session, house: DemoHouse) -> dict[str, UUID]:
    """Bind each project type to its route. Returns type -> id."""
    found = {kind.code: kind for kind in session.scalars(select(ProjectType))}
    for place, (code, route_id) in enumerate(house.routes.items(), 1):
        if code not in found:
            found[code] = ProjectType(id=new_id(), code=code, name=house.names[code], order=place * 10)
            session.add(found[code])
        found[code].route_id = route_id
    return {code: kind.id for code, kind in found.items()}


def load(part: DemoContext) -> None:
    """One opportunity for each engagement; those that were won have their contract."""
    opportunities: list[dict[str, Any]] = []
    contracts: list[dict[str, Any]] = []
    for customer in part.customers:
        for engagement in customer.engagements:
            deal, by, creator = engagement.deal, engagement.worked_on_by, engagement.opened_by
            opportunity_id = part.id_at(engagement.opened_at)
            opportunities.append(
                {
                    "id": opportunity_id,
                    "customer_id": customer.id,
                    "engagement_id": engagement.id,
                    "project_type_id": part.facts[engagement.type],
                    "title": deal.title,
                    "need": deal.need,
                    "expected_value": Decimal(deal.value),
                    "probability": deal.probability,
                    "expected_on": deal.expected_on,
                    "stage": deal.stage,
                    "closed_at": deal.closed_at,
                    "closed_by": deal.closed_by.id if deal.closed_by else None,
                    "closed_by_label": deal.closed_by.name if deal.closed_by else "",
                    "closed_department_label": deal.closed_by.department if deal.closed_by else "",
                    "lost_reason": deal.lost_reason,
                    "owner_id": by.id,
                    "owner_label": by.name,
                    "department_label": by.department,
                    "created_by": creator.id,
                    "created_by_label": creator.name,
                    "created_department_label": creator.department,
                    "created_at": engagement.opened_at,
                    "updated_at": deal.closed_at or engagement.opened_at,
                }
            )
            if deal.contract is not None and deal.closed_by is not None and deal.closed_at is not None:
                contracts.append(
                    {
                        "id": part.id_at(deal.closed_at),
                        "customer_id": customer.id,
                        "engagement_id": engagement.id,
                        "opportunity_id": opportunity_id,
                        "number": deal.contract.number,
                        "signed_on": deal.contract.signed_on,
                        "amount": Decimal(deal.contract.amount),
                        "starts_on": deal.contract.starts_on,
                        "ends_on": deal.contract.ends_on,
                        "term": deal.contract.term,
                        "attachment_id": deal.contract.attachment_id,
                        "signed_by_label": deal.closed_by.name,
                        "department_label": deal.closed_by.department,
                        "created_at": deal.closed_at,
                        "updated_at": deal.closed_at,
                    }
                )
    part.write(Opportunity, opportunities)
    part.write(Contract, contracts)
    titles = [words_row(row["title"], row["customer_id"], row["id"]) for row in opportunities]
    numbers = [words_row(row["number"], row["customer_id"], row["opportunity_id"], row["id"]) for row in contracts]
    part.write(Words, titles + numbers)
