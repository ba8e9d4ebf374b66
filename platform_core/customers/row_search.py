"""The search box of lists whose rows hang on customers, and the names that stand in their rows.

A row may be seen by somebody who does not see its customer, such as a call at one's own telephone: customers are found
and named only where the actor sees them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.customers import searching
from platform_core.customers.models import Customer
from platform_core.kernel.idlists import among
from platform_core.kernel.scope import readable
from platform_core.web.lists.declaration import Search


def of_customers(model: Any) -> Callable[[Session, str], Search]:
    """Rows of the customers that the words find."""

    def search(session: Session, words: str) -> Search:
        return _through(session, model, searching.condition(session, words))

    return search


def of_similar_customers(model: Any) -> Callable[[Session, str], Search | None]:
    """Rows of customers who are called nearly so."""

    def similar(session: Session, words: str) -> Search | None:
        found = searching.similar(session, words)
        return None if found is None else _through(session, model, found)

    return similar


def _through(session: Session, model: Any, found: Search) -> Search:
    seen = readable(session, Customer)
    customers = select(Customer.id).where(found.condition)
    return Search(model.customer_id.in_(customers if seen is None else customers.where(seen)), selective=True)


def customers_of(session: Session, rows: Sequence[Any]) -> Mapping[UUID, Any]:
    """Id, name and code of the rows' customers, by id, as far as the actor sees them."""
    ids = {row.customer_id for row in rows if row.customer_id is not None}
    if not ids:
        return {}
    found = select(Customer.id, Customer.name, Customer.code).where(among(Customer.id, ids))
    return {row.id: row for row in session.execute(found)}


def customer_name(row: Any, look: Mapping[str, Any]) -> str:
    """Text of a column `customer` in a list whose `prepare` gives `customers_of` as `customers`."""
    found = look["customers"].get(row.customer_id)
    return found.name if found else ""
