"""What search words mean in SQL: tokens in the search index, numbers and addresses by their keyed hashes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    column,
    false,
    func,
    select,
    table,
    type_coerce,
    union,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import Boolean

from platform_core.customers.models import ContactPoint, Customer
from platform_core.customers.searchmodel import SearchRow
from platform_core.kernel import nearwords
from platform_core.kernel.database import database_of, vault_of
from platform_core.kernel.nearwords import Alternatives
from platform_core.kernel.searchcolumn import stored_words, tsquery, tsquery_of
from platform_core.kernel.searchtokens import (
    QueryTerm,
    SearchQuery,
    code_group,
    is_han,
    query_groups,
    to_fts5,
    weak_as_whole,
)
from platform_core.kernel.secrets import Vault

NOTHING: ColumnElement[bool] = false()
_FTS = table("customers_fts", column("rowid"), column("customers_fts"))
"""SQLite's index over customers_search.tokens, kept by triggers."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """`ids` selects `customer_id` of all that match, whoever may see them. `probe` asks the same of one Customer.

    `may_be_common`: nothing but words, which many customers may have. Numbers and addresses have few owners.
    `whole_words`: `ids` of those who have just these words, where they are so short that very many may begin with
    them: two letters begin thousands of words, which takes the index ten times as long to collect.
    """

    ids: Select[Any]
    probe: ColumnElement[bool]
    may_be_common: bool
    whole_words: Select[Any] | None = None
    beginnings: str = ""
    """The words, where there are `whole_words`."""


def matcher(session: Session, query: SearchQuery) -> Matcher | None:
    """None when there is nothing to search for."""
    tokens = _Fts5() if database_of(session).is_sqlite else _TsVector()
    hashes = [_owners(one) for one in points(vault_of(session), query)]
    if query.digits and not query.digits.startswith("+"):
        by_code = tokens.ids([code_group(query.digits)]).order_by(None)
        hashes[-1] = select(union(hashes[-1], by_code).subquery("tail_or_code").c.customer_id)
    if not hashes:
        if not query.groups:
            return None
        found, probe = tokens.ids(query.groups), tokens.probe(query.groups)
        if not all(map(_is_short, query.groups)):
            return Matcher(found, probe, may_be_common=True)
        whole = tokens.ids(weak_as_whole(query.groups))
        return Matcher(found, probe, may_be_common=True, whole_words=whole, beginnings=to_fts5(query.groups))
    first, *others = hashes
    ids = first.subquery("numbered")
    found = select(ids.c.customer_id)
    for other in others:
        found = found.where(ids.c.customer_id.in_(other))
    if query.groups:
        found = found.where(tokens.probe(query.groups, ids.c.customer_id))
    return Matcher(found, Customer.id.in_(found), may_be_common=False)


def nearly(session: Session, words: list[Alternatives]) -> Select[Any]:
    """`customer_id` of those with pieces of each of the words."""
    if database_of(session).is_sqlite:
        return _Fts5().matching(nearwords.as_fts5(words))
    asked = tsquery_of(nearwords.as_tsquery(words))
    return select(SearchRow.customer_id).where(SearchRow.tokens.op("@@")(asked))


def with_characters(text: str) -> ColumnElement[bool] | None:
    """Customers who may have these Han characters in a row in their names, by the index; PostgreSQL only.

    None for other texts: of those the index knows beginnings alone.
    """
    if not is_han(text):
        return None
    found = select(SearchRow.customer_id).where(SearchRow.tokens.op("@@")(tsquery(query_groups(text))))
    return Customer.id.in_(found)


def points(vault: Vault, query: SearchQuery) -> list[ColumnElement[bool]]:
    """What contact points with the query's address have, and those with its number, in this order.

    A number goes by its last eight or four digits, unless it is written whole.
    """
    found = [ContactPoint.full_hash == vault.lookup("point", query.mail)] if query.mail else []
    if query.digits and query.digits.startswith("+"):
        found.append(ContactPoint.full_hash == vault.lookup("point", query.digits))
    elif query.digits:
        tail = ContactPoint.last8_hash if len(query.digits) == 8 else ContactPoint.last4_hash
        found.append(tail == vault.lookup(f"last{len(query.digits)}", query.digits))
    return found


def _owners(condition: ColumnElement[bool]) -> Select[Any]:
    return select(ContactPoint.customer_id).where(condition, ContactPoint.customer_id.is_not(None))


class _TsVector:
    """PostgreSQL: GIN for the list of matches; the operator's function, which no index serves, for single rows."""

    def ids(self, groups: Any) -> Select[Any]:
        strong = _strong(groups)
        found = select(SearchRow.customer_id).where(SearchRow.tokens.op("@@")(tsquery(strong)))
        if len(strong) == len(groups):
            return found
        # The index would collect every row for `2026` in a code before it looks at the rest of it.
        return found.where(func.ts_match_vq(SearchRow.tokens, tsquery(groups)))

    def probe(self, groups: Any, customer_id: Any = Customer.id) -> ColumnElement[bool]:
        # A scalar subquery stays one; EXISTS might become a join over all search rows.
        asked = select(func.ts_match_vq(SearchRow.tokens, tsquery(groups))).where(SearchRow.customer_id == customer_id)
        return type_coerce(asked.correlate_except(SearchRow).scalar_subquery(), Boolean())


class _Fts5:
    """SQLite: MATCH streams in row order; for one row it is told which."""

    def ids(self, groups: Any) -> Select[Any]:
        return self.matching(to_fts5(groups))

    def matching(self, text: str) -> Select[Any]:
        return (
            select(SearchRow.customer_id)
            .join(_FTS, _FTS.c.rowid == SearchRow.id)
            .where(_FTS.c.customers_fts.op("MATCH")(text))
            .order_by(_FTS.c.rowid.desc())
        )

    def probe(self, groups: Any, customer_id: Any = Customer.id) -> ColumnElement[bool]:
        # MATCH would look a beginning up in the whole index again for each row.
        row = select(SearchRow.id).where(SearchRow.customer_id == customer_id, stored_words(SearchRow.tokens, groups))
        return row.correlate_except(SearchRow).exists()


def _strong(groups: list[list[QueryTerm]]) -> list[list[QueryTerm]]:
    """The groups worth asking an index for: without short beginnings, as long as another group is left."""
    return [group for group in groups if not _is_short(group)] or groups


def _is_short(group: list[QueryTerm]) -> bool:
    return any(term.is_weak for term in group)
