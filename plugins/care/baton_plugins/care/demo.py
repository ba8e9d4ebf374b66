"""Care of the demo: greetings for birthdays and two holidays, and some anniversaries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pluggy
from baton_plugins.care.models import CustomerDate, Occasion, Wording
from baton_plugins.care.services import seed, templates
from sqlalchemy import select

from platform_core.api import DemoContext, DemoData, DemoHouse, Session, today

hookimpl = pluggy.HookimplMarker("baton")
_KEPT = ("birthday", "graduation", "spring_festival", "mid_autumn")
_HAVING = 0.2
"""Share of customers with an anniversary"""
_SOON = 21
"""Within so many days it comes next: the week ahead has some"""


@hookimpl
def baton_demo_data() -> list[DemoData]:
    return [DemoData(70, load, prepare)]


def prepare(session: Session, house: DemoHouse) -> UUID:
    """Returns the id of the kind of anniversary that customers have."""
    seed(session)
    session.flush()  # what a fresh house has is changed below
    found = {item.code: item for item in session.scalars(select(Occasion).where(Occasion.code.in_(_KEPT)))}
    texts = templates(session)
    for occasion in found.values():
        if texts:
            occasion.active = True
            session.add(Wording(occasion_id=occasion.id, grade="", template_id=UUID(texts[0][0])))
    return found["graduation"].id


def load(part: DemoContext) -> None:
    if not part.is_small:
        return
    rows: list[dict[str, Any]] = []
    for customer in part.customers:
        if not customer.touches or part.random.random() >= _HAVING:
            continue
        day = today() + timedelta(days=part.random.randrange(_SOON))
        rows.append(
            {
                "id": part.id_at(customer.touches[0].at), "customer_id": customer.id, "occasion_id": part.facts,
                "year": part.random.randrange(2015, 2025), "month": day.month, "day": day.day, "lunar": False,
                "leap": False,
            }
        )  # fmt: skip
    part.write(CustomerDate, rows)
