"""`allowed` as an expression of SQL, for statements that ask about a hundred thousand persons at once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from platform_core.customers.models import Contact, Customer
from platform_core.privacy import dictionaries
from platform_core.privacy.allowed import EVERY, EVERYTHING
from platform_core.privacy.models import Consent, Suppression


def objection(
    session: Session, customer_id: Any, contact_id: Any, point_hash: Any, channel: str, purpose: str
) -> ColumnElement[str]:
    """The code of the `Verdict` that `allowed_among` gives on a Recipient of these three columns; "" is a yes.

    Whoever runs the statement proves it: every objection counts, whatever its reader sees.
    """
    needs_consent = dictionaries.needs_consent(session, purpose)
    closing = [purpose, EVERYTHING, *([EVERY] if needs_consent else [])]
    contact, customer = aliased(Contact), aliased(Customer)
    # Left to itself, one subquery within another would read the asker's table anew.
    behind = select(contact.customer_id).where(contact.id == contact_id).correlate_except(contact).scalar_subquery()
    whose = case((contact_id.is_(None), customer_id), else_=behind)
    of_contact = _standing(contact, contact.id == contact_id)
    of_customer = _standing(customer, customer.id == whose)
    word = case(
        (contact_id.is_(None), _word(Consent.customer_id == customer_id, channel, purpose)),
        else_=_word(Consent.contact_id == contact_id, channel, purpose),
    )
    return case(
        (and_(contact_id.is_(None), customer_id.is_(None)), "gone"),
        (and_(contact_id.is_not(None), of_contact != ""), of_contact),
        (and_(whose.is_not(None), of_customer != ""), of_customer),
        (_closed(whose, contact_id, point_hash, channel, closing), "opted_out"),
        else_=func.coalesce(word, "no_consent" if needs_consent else ""),
    )


def _standing(model: Any, which: ColumnElement[bool]) -> ColumnElement[str]:
    """Of a customer or contact: "" as long as there is nothing about itself."""
    held = case((model.restricted_at.is_(None), ""), else_="restricted")
    there = select(held).where(which, model.deleted_at.is_(None)).correlate_except(model)
    return func.coalesce(there.scalar_subquery(), "gone")


def _word(whose: ColumnElement[bool], channel: str, purpose: str) -> Any:
    """What the person said last, about this channel or about every one; NULL for nothing."""
    return (
        select(case((Consent.given, ""), else_="withdrawn"))
        .where(whose, Consent.channel.in_([EVERY, channel]), Consent.purpose == purpose)
        .order_by(Consent.at.desc(), Consent.id.desc())
        .limit(1)
        .correlate_except(Consent)
        .scalar_subquery()
    )


def _closed(
    customer_id: Any, contact_id: Any, point_hash: Any, channel: str, purposes: list[str]
) -> ColumnElement[bool]:
    """Each key by itself: an OR within one EXISTS would keep the database from looking any of them up."""
    table = Suppression
    holds = (table.lifted_at.is_(None), table.channel.in_([EVERY, channel]), table.purpose.in_(purposes))
    keys = ((table.point_hash, point_hash), (table.customer_id, customer_id), (table.contact_id, contact_id))
    return or_(*(exists().where(column == key, *holds).correlate_except(table) for column, key in keys))
