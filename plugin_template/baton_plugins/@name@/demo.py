"""Entries for `baton demo`: an invented house to look at and to test with."""

from __future__ import annotations

import pluggy
from platform_core.api import DemoContext, DemoData, new_id

from baton_plugins.@name@.models import Entry

hookimpl = pluggy.HookimplMarker("baton")


def _load(context: DemoContext) -> None:
    """One entry by whoever spoke with a customer first."""
    rows = []
    for customer in context.customers:
        for touch in customer.touches[:1]:
            rows.append(
                {
                    "id": new_id(),
                    "customer_id": customer.id,
                    "title": touch.text[:30] or customer.name,
                    "amount": context.random.randint(1, 9),
                    "author_id": touch.by.id,
                    "author_label": touch.by.name,
                    "created_at": touch.at,
                    "updated_at": touch.at,
                }
            )
    context.write(Entry, rows)


@hookimpl
def baton_demo_data() -> list[DemoData]:
    return [DemoData(50, _load)]
