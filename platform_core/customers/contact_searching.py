"""Contacts that are called nearly as the words of the search box say, or whose customers are."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, literal, select, true, union_all
from sqlalchemy.orm import Session

from platform_core.customers import matching, searching
from platform_core.customers.models import Contact, Customer
from platform_core.kernel import nearwords
from platform_core.kernel.scope import proven, readable
from platform_core.web.lists.declaration import Search

_COMPARED = 300
"""Contacts of customers with a piece of the words that are compared with all of them"""
_ALONE = 500
"""Of those without a customer, whom no index knows: the newest"""
_PROOF = proven("contacts that resemble the words, within the policy of contacts")


def similar(session: Session, words: str) -> Search | None:
    """Nothing for numbers, addresses and short words."""
    if not searching.may_be_a_slip(words):
        return None
    for parts in searching.pieces(words):
        rows = session.execute(_candidates(session, matching.nearly(session, parts)), execution_options=_PROOF)
        found = [row.id for row in rows if _is_near(words, row)]
        if found:
            return Search(Contact.id.in_(found), selective=True)
    return None


def _is_near(words: str, row: Any) -> bool:
    return any(
        nearwords.resemblance(words, *names) is not None for names in ((row.name,), (row.customer, row.short_name))
    )


def _seen(session: Session) -> ColumnElement[bool]:
    policy = readable(session, Contact)
    return true() if policy is None else policy


def _candidates(session: Session, ids: Select[Any]) -> Any:
    """Contacts of customers that the index found, and those without one."""
    kept = select(Contact.id, Contact.name).where(_seen(session), Contact.deleted_at.is_(None))
    newest = Contact.id.desc()
    theirs = (
        kept.add_columns(Customer.name.label("customer"), Customer.short_name)
        .join(Customer, Customer.id == Contact.customer_id)
        .where(Customer.deleted_at.is_(None), Customer.id.in_(ids))
    )
    alone = kept.add_columns(literal(""), literal("")).where(Contact.customer_id.is_(None))
    some = (theirs.order_by(newest).limit(_COMPARED), alone.order_by(newest).limit(_ALONE))
    return union_all(*(select(part.subquery()) for part in some))
