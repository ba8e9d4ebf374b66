"""Whom nothing but what is needed is sent to for a while, as people tell it; senders ask `recipients.excluded`."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.customers.models import Contact
from platform_core.kernel.clock import day_start, now
from platform_core.kernel.database import vault_of
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.ids import new_id
from platform_core.outbox.models import Exclusion
from platform_core.privacy import people
from platform_core.privacy.people import Person

_ = translator("outbox")


def leave_alone(session: Session, actor: Actor, who: Person, occasion: str, until: date | None, reason: str) -> None:
    """On one occasion, or with "" on all; the day `until` is the first on which the person is written to again.

    A customer stands for all its contacts, a contact for itself. The caller has checked the right. The reason is kept
    encrypted and stands in no trail.
    """
    found = _one(session, who, occasion)
    if found is None:
        found = Exclusion(id=new_id(), occasion=occasion, **_key(who))
        session.add(found)
    found.until = day_start(until) if until is not None else None
    found.reason = vault_of(session).encrypt(reason)
    found.by_label, found.at = actor.name, now()
    _noted(session, actor, "outbox.leave_alone", who, occasion)


def write_again(session: Session, actor: Actor, who: Person, occasion: str) -> None:
    """Raises NotFound where nothing stands against it."""
    found = _one(session, who, occasion)
    if found is None:
        raise NotFound(_("Nothing stands against it."))
    session.delete(found)
    _noted(session, actor, "outbox.write_again", who, occasion)


def _key(who: Person) -> dict[str, UUID]:
    return {"contact_id" if isinstance(who, Contact) else "customer_id": who.id}


def _one(session: Session, who: Person, occasion: str) -> Exclusion | None:
    return session.scalars(select(Exclusion).filter_by(occasion=occasion, **_key(who))).one_or_none()


def _noted(session: Session, actor: Actor, verb: str, who: Person, occasion: str) -> None:
    after = {"occasion": occasion}
    audit.record(session, actor, verb, people.ref(who), customer_id=people.customer_id(who), after=after)
