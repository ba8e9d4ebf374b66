"""Contacts that stand alone by words: names in any way that customers are found by, numbers and addresses.

The search index knows customers and the names of their contacts. These have none, and are few: numbers and parts of
names are asked of the database, pinyin, initials and several words of the newest.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from platform_core.customers import matching, points
from platform_core.customers.models import Contact, ContactPoint
from platform_core.kernel.database import vault_of
from platform_core.kernel.searchtokens import QueryTerm, SearchQuery, index_tokens, parse_query

_NEWEST = 500
_ALONE = (Contact.customer_id.is_(None), Contact.deleted_at.is_(None))


def condition(session: Session, words: str) -> ColumnElement[bool]:
    """Contacts without a customer whose name has these characters, or who have the number."""
    named = Contact.name.contains(words, autoescape=True)
    numbered = _numbered(session, parse_query(words))
    return and_(*_ALONE, named if numbered is None else or_(named, numbered))


def find(session: Session, words: str, limit: int) -> Sequence[Contact]:
    """Those that the session's actor sees and that meet all the words, the newest first. One statement."""
    query = parse_query(words.strip())
    numbered = _numbered(session, query)
    if not query.groups and numbered is None:
        return []
    some = select(Contact).where(*_ALONE) if numbered is None else select(Contact).where(*_ALONE, numbered)
    newest = session.scalars(some.order_by(Contact.id.desc()).limit(_NEWEST))
    named = [group for group in query.groups if not _front(group)]
    return [row for row in newest if _meets(row.name, named)][:limit]


def _numbered(session: Session, query: SearchQuery) -> ColumnElement[bool] | None:
    """By what the words have of numbers and addresses; None where they have none."""
    alone = select(ContactPoint.contact_id).where(ContactPoint.customer_id.is_(None))
    asked = matching.points(vault_of(session), query)
    asked += [
        and_(ContactPoint.kind.in_(points.PHONES), ContactPoint.mask.startswith(f"{front}*", autoescape=True))
        for group in query.groups
        if (front := _front(group))
    ]
    return and_(*(Contact.id.in_(alone.where(one)) for one in asked)) if asked else None


def _front(group: list[QueryTerm]) -> str:
    """How the number begins that the group asks for; "" when it asks for words."""
    return next((term.token[1:] for term in group if term.token.startswith("_")), "")


def _meets(name: str, groups: list[list[QueryTerm]]) -> bool:
    tokens = index_tokens(name)
    return all(any(_has(tokens, term) for term in group) for group in groups)


def _has(tokens: set[str], term: QueryTerm) -> bool:
    return any(token.startswith(term.token) for token in tokens) if term.prefix else term.token in tokens
