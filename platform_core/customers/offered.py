"""What the package offers to those below it, behind ports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import pluggy
from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.contracts.holding import HOLDINGS
from platform_core.contracts.naming import CUSTOMER_NAMES
from platform_core.contracts.ports import Provider
from platform_core.customers.leaving import inventory
from platform_core.customers.models import Contact, Customer
from platform_core.kernel.scope import AnySelect, proven

hookimpl = pluggy.HookimplMarker("baton")


class Names:
    """For the audit trail, which an auditor reads without seeing any customer's record."""

    def ids(self) -> AnySelect:
        return select(Customer.id)

    def names(self, session: Session, ids: Collection[UUID]) -> Mapping[UUID, str]:
        statement = select(Customer.id, Customer.code, Customer.name).where(Customer.id.in_(ids))
        found = session.execute(statement, execution_options=proven("the auditor reads codes and names, nothing else"))
        return {row.id: f"{row.name} ({row.code})" for row in found}

    def contacts(self, session: Session, ids: Collection[UUID]) -> Mapping[UUID, str]:
        if not ids:
            return {}
        statement = select(Contact.id, Contact.name).where(Contact.id.in_(ids))
        found = session.execute(statement, execution_options=proven("the auditor reads names, nothing else"))
        return {row.id: row.name for row in found}


class Held:
    """For accounts: nobody is marked as left who still holds work."""

    def of(self, session: Session, user_id: UUID) -> Sequence[tuple[str, int]]:
        counts: Counter[str] = Counter()
        for item in inventory.of(session, user_id):
            if item.act == "move":
                counts[item.label] += item.count
        return list(counts.items())


@hookimpl
def baton_ports() -> list[Provider[Any]]:
    return [Provider(CUSTOMER_NAMES, Names()), Provider(HOLDINGS, Held())]
