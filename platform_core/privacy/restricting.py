"""Keeping a record without using it: seen with a mark, but neither changed, contacted nor taken along."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.events import Event
from platform_core.contracts.identity import Actor
from platform_core.customers import queries, quietly
from platform_core.customers.models import Contact
from platform_core.kernel import clock
from platform_core.kernel.errors import Conflict
from platform_core.kernel.events import publish
from platform_core.kernel.i18n import translator
from platform_core.kernel.ids import new_id
from platform_core.privacy import people
from platform_core.privacy.models import Restriction
from platform_core.privacy.people import Person
from platform_core.privacy.policies import HANDLE

_ = translator("privacy")


def restrict(session: Session, actor: Actor, customer_id: UUID, reason: str) -> Restriction:
    """Raises NotFound, Forbidden, and Conflict where it is restricted already."""
    return restrict_person(session, actor, queries.get(session, customer_id), reason)


def restrict_person(session: Session, actor: Actor, who: Person, reason: str) -> Restriction:
    """The same for a customer or a contact that stands alone."""
    people.require(session, actor, HANDLE, who)
    if who.restricted_at is not None:
        raise Conflict(_("This record is restricted already."))
    since = clock.now()
    made = Restriction(id=new_id(), at=since, by_id=actor.user_id, by_label=actor.name, reason=reason.strip())
    if isinstance(who, Contact):
        made.contact_id = who.id
        who.restricted_at = since
    else:
        made.customer_id = who.id
        quietly.write(session, who.id, restricted_at=since)
    session.add(made)
    _note(session, actor, who, "privacy.restrict", made.reason)
    _tell(session, actor, who, "privacy.restricted")
    return made


def lift(session: Session, actor: Actor, customer_id: UUID, reason: str) -> None:
    """Let the record be used again. Raises NotFound, Forbidden, and Conflict where it is not restricted."""
    lift_person(session, actor, queries.get(session, customer_id), reason)


def lift_person(session: Session, actor: Actor, who: Person, reason: str) -> None:
    """The same for a customer or a contact that stands alone."""
    people.require(session, actor, HANDLE, who)
    if who.restricted_at is None:
        raise Conflict(_("This record is not restricted."))
    if isinstance(who, Contact):
        who.restricted_at = None
    else:
        quietly.write(session, who.id, restricted_at=None)
    for row in of_person(session, who):
        if row.lifted_at is None:
            row.lifted_at, row.lifted_by, row.lift_reason = clock.now(), actor.name, reason.strip()
    _note(session, actor, who, "privacy.lift_restriction", reason.strip())
    _tell(session, actor, who, "privacy.restriction_lifted")


def of_person(session: Session, who: Person) -> list[Restriction]:
    """The latest first."""
    mine = Restriction.contact_id if isinstance(who, Contact) else Restriction.customer_id
    return list(session.scalars(select(Restriction).where(mine == who.id).order_by(Restriction.at.desc())))


def _note(session: Session, actor: Actor, who: Person, action: str, reason: str) -> None:
    audit.record(session, actor, action, people.ref(who), customer_id=people.customer_id(who), reason=reason)


def _tell(session: Session, actor: Actor, who: Person, event: str) -> None:
    if not isinstance(who, Contact):
        publish(session, Event(event, people.ref(who), who.id, actor.user_id))
