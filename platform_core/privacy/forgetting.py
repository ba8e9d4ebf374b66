"""What is left of consent when a person is erased: the keyed hashes of what must not be written to again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers.models import Contact, ContactPoint
from platform_core.kernel.ids import new_id
from platform_core.kernel.scope import proven
from platform_core.privacy.models import Consent, Suppression

ERASED = "erased"
_OPTIONS: dict[str, Any] = {
    "execution_options": {
        **proven("an erased person's objections are kept as hashes"), "synchronize_session": False,
    }
}  # fmt: skip
Closed = tuple[UUID | None, str, str, Any]
"""Contact or None for the customer, channel, purpose, since when."""
Numbers = Sequence[tuple[UUID | None, int]]
"""Contact or None for the customer, keyed hash."""


def forget_person(session: Session, actor: Actor | None, ids: Sequence[UUID]) -> None:
    """In the erasing transaction, before anything is deleted. `ids`: the customer and what was merged into it."""
    people = list(session.scalars(select(Contact.id).where(Contact.customer_id.in_(ids)), **_OPTIONS))
    _forget(session, ids, people, _numbers(session, ContactPoint.customer_id.in_(ids)))


def forget_contact(session: Session, actor: Actor | None, contact_id: UUID) -> None:
    """The same for a contact that stands alone."""
    _forget(session, [], [contact_id], _numbers(session, ContactPoint.contact_id == contact_id))


def _numbers(session: Session, theirs: ColumnElement[bool]) -> Numbers:
    found = select(ContactPoint.contact_id, ContactPoint.full_hash).where(theirs)
    return [(row.contact_id, row.full_hash) for row in session.execute(found, **_OPTIONS)]


def _forget(session: Session, ids: Sequence[UUID], people: Sequence[UUID], numbers: Numbers) -> None:
    hashes = {full_hash for _contact, full_hash in numbers}
    held = _held(session, hashes)
    for contact_id, channel, purpose, at in [*_opted_out(session, ids, people), *_withdrawn(session, ids, people)]:
        for whose, full_hash in numbers:
            key = (full_hash, channel, purpose)
            if contact_id in (None, whose) and key not in held:
                held.add(key)
                session.add(
                    Suppression(
                        id=new_id(), point_hash=full_hash, channel=channel, purpose=purpose, at=at, source=ERASED
                    )
                )
    mine = Suppression.point_hash.in_(hashes)
    session.execute(update(Suppression).where(mine).values(mask="", note="", lift_reason=""), **_OPTIONS)


def _held(session: Session, hashes: set[int]) -> set[tuple[int, str, str]]:
    """(hash, channel, purpose) that are closed already."""
    statement = select(Suppression.point_hash, Suppression.channel, Suppression.purpose).where(
        Suppression.point_hash.in_(hashes), Suppression.lifted_at.is_(None)
    )
    return {(number, over, purpose) for number, over, purpose in session.execute(statement, **_OPTIONS) if number}


def _opted_out(session: Session, ids: Sequence[UUID], people: Sequence[UUID]) -> list[Closed]:
    statement = select(Suppression.contact_id, Suppression.channel, Suppression.purpose, Suppression.at).where(
        or_(Suppression.customer_id.in_(ids), Suppression.contact_id.in_(people)), Suppression.lifted_at.is_(None)
    )
    return [(who, over, purpose, at) for who, over, purpose, at in session.execute(statement, **_OPTIONS)]


def _withdrawn(session: Session, ids: Sequence[UUID], people: Sequence[UUID]) -> list[Closed]:
    """Where the last word was a no."""
    statement = (
        select(Consent.contact_id, Consent.channel, Consent.purpose, Consent.at, Consent.given)
        .where(or_(Consent.customer_id.in_(ids), Consent.contact_id.in_(people)))
        .order_by(Consent.at, Consent.id)
    )
    last = {row[:3]: (row.given, row.at) for row in session.execute(statement, **_OPTIONS)}
    return [(who, over, purpose, at) for (who, over, purpose), (given, at) in last.items() if not given]
