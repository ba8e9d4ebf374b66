"""Names for the audit trail, which an auditor reads without seeing any customer's record."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

import pluggy
from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.contracts.naming import CUSTOMER_NAMES, CustomerNames
from platform_core.contracts.ports import Provider
from platform_core.customers.models import Customer
from platform_core.kernel.scope import AnySelect, proven

hookimpl = pluggy.HookimplMarker("baton")


class Names:
    def ids(self) -> AnySelect:
        return select(Customer.id)

    def names(self, session: Session, ids: Collection[UUID]) -> Mapping[UUID, str]:
        statement = select(Customer.id, Customer.code, Customer.name).where(Customer.id.in_(ids))
        found = session.execute(statement, execution_options=proven("the auditor reads codes and names, nothing else"))
        return {row.id: f"{row.name} ({row.code})" for row in found}


@hookimpl
def baton_ports() -> list[Provider[CustomerNames]]:
    return [Provider(CUSTOMER_NAMES, Names())]
