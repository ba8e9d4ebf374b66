"""Groups beyond the list of customers: a filter for any list or report whose rows belong to customers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.contracts.reports import ReportFilter, ReportQuery
from platform_core.customers.groups import queries
from platform_core.customers.models import Customer
from platform_core.kernel.i18n import translator
from platform_core.web.lists.declaration import Filter

_ = translator("customers")
FILTER = ReportFilter(queries.KEY, _.lazy("Group"), queries.choices)


def list_filter(customer_id: Any) -> Filter:
    """For a list, by the rows' column of the customer."""

    def found(session: Session, actor: Actor, values: Sequence[Any]) -> ColumnElement[bool]:
        return _within(session, actor, values, customer_id)

    return Filter(queries.KEY, _.lazy("Group"), "choice", choices=queries.choices, found=found, selective=True)


def fixed_filter() -> Filter:
    """For a list of customers that the policies do not show.

    Groups by conditions stay out: they ask for what such a list does not tell, and anybody may make one.
    """
    return Filter(
        queries.KEY, _.lazy("Group"), "choice", choices=partial(queries.choices, only_fixed=True),
        found=partial(queries.members, only_fixed=True), selective=True,
    )  # fmt: skip


def conditions(session: Session, actor: Actor, query: ReportQuery, customer_id: Any) -> list[ColumnElement[bool]]:
    """Rows of the chosen group's customers, by their column of the customer; nothing where no group is chosen."""
    chosen = query.chosen.get(FILTER.key)
    if not chosen:
        return []
    return [_within(session, actor, [chosen], customer_id)]


def _within(session: Session, actor: Actor, values: Sequence[Any], customer_id: Any) -> ColumnElement[bool]:
    inside: ColumnElement[bool] = customer_id.in_(select(Customer.id).where(queries.members(session, actor, values)))
    return inside
