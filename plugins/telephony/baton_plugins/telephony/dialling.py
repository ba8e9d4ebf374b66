"""Click to dial: somebody's telephone rings, and when they take it, it calls the customer, or a contact without one.

The number goes from the database to the agent that fetches it, in the body of an answer; signals carry the id alone.
Without an exchange that dials, the number is shown as a link for a telephone program, as any revealed number is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from baton_plugins.telephony.forms import AskedCall, FailedCall
from baton_plugins.telephony.models import Asked, Line, Source
from baton_plugins.telephony.policies import DIAL
from sqlalchemy import delete, or_, select

from platform_core.api import (
    Actor,
    Contact,
    ContactPoint,
    Customer,
    EntityRef,
    Session,
    User,
    callers,
    contact_require,
    customer_require,
    new_id,
    noop,
    notify,
    now,
    record,
    signal,
)

_FRESH = timedelta(seconds=30)
"""A telephone that rings later than that surprises whoever asked for it."""
_ALIVE = timedelta(minutes=2)
_PHONES = ("mobile", "phone")
_MOST = 40
FAILED = noop("Your telephone could not call %(number)s: %(why)s")


@dataclass(frozen=True, slots=True)
class Telephone:
    """What rings when somebody has it call."""

    source_id: UUID
    extension: str
    outside: str


@dataclass(frozen=True, slots=True)
class Dialled:
    """`extension` rings now or, where that is empty, `link` is for a telephone program."""

    extension: str
    text: str = ""
    link: str = ""


def telephone_of(session: Session, actor: Actor) -> Telephone | None:
    """The extension of the actor at an exchange that dials; None where there is none that is connected."""
    mine = (Line.source_id == Source.id) & (Line.user_id == actor.user_id) & (Line.line != "")
    statement = (
        select(Source, Line.line, User.extension)
        .select_from(Source)
        .join(User, User.id == actor.user_id)
        .outerjoin(Line, mine & or_(Line.until.is_(None), Line.until > now()))
        .where(Source.kind == "agent", Source.revoked_at.is_(None), Source.seen_at > now() - _ALIVE)
        .order_by(Line.id.is_(None), Source.name)
        .limit(_MOST)
    )
    for source, line, extension in session.execute(statement):
        if (line or extension) and any(device.get("dials") for device in source.devices):
            return Telephone(source.id, line or extension, source.outside)
    return None


def numbers(session: Session, who: Customer | Contact) -> Sequence[Any]:
    """(id, mask, extension, contact's name) of each number of a customer and its contacts, or of a contact alone."""
    theirs = ContactPoint.customer_id == who.id if isinstance(who, Customer) else ContactPoint.contact_id == who.id
    statement = (
        select(ContactPoint.id, ContactPoint.mask, ContactPoint.extension, Contact.name.label("contact"))
        .outerjoin(Contact, Contact.id == ContactPoint.contact_id)
        .where(theirs, ContactPoint.kind.in_(_PHONES))
        .order_by(ContactPoint.is_primary.desc(), Contact.name, ContactPoint.id)
        .limit(_MOST)
    )
    return session.execute(statement).all()


def dial(session: Session, actor: Actor, who: Customer | Contact, point_id: UUID) -> Dialled:
    """Call one of somebody's numbers. Counted and written down as seeing it, as telephones show what they dial.

    Raises NotFound, Forbidden, Frozen.
    """
    telephone = telephone_of(session, actor)
    if isinstance(who, Customer):
        customer_require(session, actor, DIAL, who)
        revealed = callers.to_call(session, actor, who.id, point_id)
        ref = EntityRef("telephony", "source", telephone.source_id) if telephone else None
    else:
        contact_require(session, actor, DIAL, who)
        revealed = callers.of_contact_to_call(session, actor, who.id, point_id)
        ref = EntityRef("customers", "contact", who.id, who.name)  # nothing else in the line says whom it was
    told = {"number": revealed.mask, "line": telephone.extension if telephone else ""}
    record(session, actor, "telephony.dial", ref, customer_id=who.id if isinstance(who, Customer) else None, after=told)
    if telephone is None:
        return Dialled("", revealed.text, revealed.link)
    number = callers.number(session, revealed.link.removeprefix("tel:"))
    assert number is not None
    asked = Asked(
        id=new_id(), source_id=telephone.source_id, user_id=actor.user_id, extension=telephone.extension,
        number_cipher=number.cipher, number_mask=revealed.mask,
    )  # fmt: skip
    session.add(asked)
    signal(session, telephone.source_id, "dial", asked.id.hex)
    return Dialled(telephone.extension)


def fetch(session: Session, source: Source) -> list[AskedCall]:
    """What was asked for of late, each given out once."""
    statement = (
        select(Asked)
        .where(Asked.source_id == source.id, Asked.number_cipher.is_not(None), Asked.at > now() - _FRESH)
        .order_by(Asked.at, Asked.id)
        .limit(_MOST)
        .with_for_update(skip_locked=True)
    )
    found = []
    for asked in session.scalars(statement):
        assert asked.number_cipher is not None
        text, asked.number_cipher = callers.whole(session, asked.number_cipher), None
        found.append(AskedCall(asked.id, asked.extension, text, _digits(session, source, text)))
    if found:
        ref = EntityRef("telephony", "source", source.id, source.name)
        record(session, None, "telephony.fetch", ref, after={"count": len(found)})
    return found


def _digits(session: Session, source: Source, number: str) -> str:
    shown = callers.shown(number)
    national = "".join(char for char in shown if char in "0123456789")
    return source.outside + ("00" + national if shown.startswith("+") else national)


def failed(session: Session, source: Source, call: FailedCall) -> None:
    """Tell whoever asked, once."""
    asked = session.get(Asked, call.id)
    if asked is None or asked.source_id != source.id:
        return
    filled = {"number": asked.number_mask, "why": call.why or "?"}
    notify(session, [asked.user_id], "telephony", FAILED, filled, icon="phone-off")
    session.delete(asked)


def forget(session: Session) -> None:
    session.execute(delete(Asked).where(Asked.at < now() - timedelta(days=1)))
