"""The search box of the pool: by the customer's own names and code, and by nothing that its card does not show.

The index knows the names of contacts as well; whoever sees the pool does not. So what the index finds is compared with
what the card shows, up to CANDIDATES of them, those that came last first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from platform_core.customers import matching, searching
from platform_core.customers.models import Customer
from platform_core.customers.pool import reach
from platform_core.kernel import nearwords
from platform_core.kernel.scope import actor_of, proven
from platform_core.kernel.searchtokens import parse_query
from platform_core.web.lists.declaration import Search

CANDIDATES = 600
_PROOF = proven("the search box of the pool: its condition is in the statement")


def condition(session: Session, words: str) -> Search:
    code = Customer.code == words.strip()
    query = parse_query(words)
    matcher = None if query.digits or query.mail else matching.matcher(session, query)
    if matcher is None:
        return Search(code, selective=True)
    same: Callable[[Any], bool] = lambda row: nearwords.resemblance(words, row.name, row.short_name) == 0  # noqa: E731
    found = _among(session, matcher.ids, same)
    return Search(or_(code, found), selective=True)


def similar(session: Session, words: str) -> Search | None:
    """Those that are called nearly so."""
    if not searching.may_be_a_slip(words):
        return None
    near: Callable[[Any], bool] = lambda row: nearwords.resemblance(words, row.name, row.short_name) is not None  # noqa: E731
    for pieces in searching.pieces(words):
        found = _keys(session, matching.nearly(session, pieces), near)
        if found:
            return Search(Customer.id.in_(found), selective=True)
    return None


def _among(session: Session, ids: Select[Any], kept: Callable[[Any], bool]) -> ColumnElement[bool]:
    return Customer.id.in_(_keys(session, ids, kept))


def _keys(session: Session, ids: Select[Any], kept: Callable[[Any], bool]) -> list[Any]:
    statement = (
        select(Customer.id, Customer.name, Customer.short_name)
        .where(reach.POOLED, reach.seen(actor_of(session)), Customer.id.in_(ids))
        .order_by(Customer.placed_at.desc())
        .limit(CANDIDATES)
    )
    return [row.id for row in session.execute(statement, execution_options=_PROOF) if kept(row)]
