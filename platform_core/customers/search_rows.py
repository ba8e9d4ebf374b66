"""Keeping each customer's row of the search index in step with its names, its codes and the fronts of its numbers."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from platform_core.customers import points
from platform_core.customers.mergemodels import Merge
from platform_core.customers.models import Contact, ContactPoint, Customer
from platform_core.customers.searchmodel import SearchRow
from platform_core.kernel.scope import proven
from platform_core.kernel.searchtokens import index_tokens, number_tokens


def tokens_of(customer: Customer, contact_names: Iterable[str], held: Iterable[ContactPoint]) -> set[str]:
    """Everything under which a customer is found by text. Whole numbers, their ends and mails have their own hashes."""
    texts = (customer.name, customer.short_name, customer.code, customer.city, customer.legal_person, *contact_names)
    numbers = number_tokens(point.mask for point in held if point.kind in points.PHONES)
    return index_tokens(*filter(None, texts)) | numbers


def add(session: Session, customer: Customer, contact_names: Iterable[str], held: Iterable[ContactPoint]) -> None:
    """The row of a customer that was just made."""
    session.add(SearchRow(customer_id=customer.id, tokens=sorted(tokens_of(customer, contact_names, held))))


def reindex(session: Session, customer_id: UUID) -> None:
    """Write the row anew from what is stored."""
    customer = session.scalars(select(Customer).where(Customer.id == customer_id)).one()
    names = session.scalars(
        select(Contact.name).where(Contact.customer_id == customer_id, Contact.deleted_at.is_(None))
    ).all()
    # Whoever knows a merged customer by its code finds what it has become part of.
    codes = session.scalars(
        select(Customer.code)
        .join(Merge, Merge.other_id == Customer.id)
        .where(Merge.kept_id == customer_id, Merge.undone_at.is_(None)),
        execution_options=proven("codes of records that are part of this customer, for the index"),
    ).all()
    held = session.scalars(select(ContactPoint).where(ContactPoint.customer_id == customer_id)).all()
    tokens = sorted(tokens_of(customer, [*names, *codes], held))
    changed = session.execute(
        update(SearchRow).where(SearchRow.customer_id == customer_id).values(tokens=tokens).returning(SearchRow.id),
        execution_options={"synchronize_session": False},
    ).first()
    if changed is None:
        session.add(SearchRow(customer_id=customer_id, tokens=tokens))
