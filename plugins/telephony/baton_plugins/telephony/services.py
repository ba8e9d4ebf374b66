"""What people do with calls: put the card away, say whose it was, see to a missed one, take a stranger in."""

from __future__ import annotations

from uuid import UUID

from baton_plugins.telephony import blocks
from baton_plugins.telephony.forms import NewCallerInput
from baton_plugins.telephony.models import Call, Ring
from sqlalchemy import select, update

from platform_core.api import (
    Actor,
    Conflict,
    Customer,
    CustomerInput,
    EntityRef,
    Invalid,
    NotFound,
    Session,
    callers,
    customer_create,
    now,
    record,
    signal,
    translator,
)

_ = translator("telephony")


def dismiss(session: Session, actor: Actor, call_id: UUID) -> None:
    """Put one's own card away, on all of one's pages. Doing it twice changes nothing."""
    mine = (Ring.call_id == call_id, Ring.user_id == actor.user_id, Ring.dismissed_at.is_(None))
    session.execute(update(Ring).where(*mine).values(dismissed_at=now()))


def call_of(session: Session, call_id: UUID) -> Call:
    """Raises NotFound when there is none or none for this actor."""
    call = session.scalars(select(Call).where(Call.id == call_id)).one_or_none()
    if call is None:
        raise NotFound(_("There is no such call, or not for you."))
    return call


def choose(session: Session, actor: Actor, call_id: UUID, customer_id: UUID) -> Call:
    """Say whose call it was, of several who have the number. Raises NotFound for anybody who does not have it."""
    call = call_of(session, call_id)
    who = callers.calling(session, actor, call.number_hash, call.last8_hash)
    known = who.known if who.known or who.elsewhere else blocks.perhaps(session, actor, call).known
    found = next((one for one in known if one.customer_id == customer_id), None)
    if found is None:
        raise NotFound(_("There is no such customer, or not for you."))
    before = call.customer_id
    call.customer_id, call.contact_id = found.customer_id, found.contact_id
    record(
        session, actor, "telephony.choose", EntityRef("telephony", "call", call.id), customer_id=customer_id,
        before={"customer_id": before.hex if before else None}, after={"customer_id": customer_id.hex},
    )  # fmt: skip
    return call


def handle(session: Session, actor: Actor, call_id: UUID) -> Call:
    """Somebody has seen to a missed call; whoever was first stays."""
    call = call_of(session, call_id)
    if call.state != "missed":
        raise Conflict(_("This call was not missed."))
    if call.handled_at is None:
        call.handled_at, call.handled_by_label = now(), actor.name
        record(session, actor, "telephony.handle", ref(call), customer_id=call.customer_id)
    return call


def unknown_caller(session: Session, actor: Actor, call_id: UUID) -> Call:
    """A call from a number that nobody in the house has. Raises Conflict when somebody has it by now, NotFound."""
    call = call_of(session, call_id)
    if call.number_cipher is None or not call.verified:
        raise Conflict(_("This call brought no number that could be kept."))
    if callers.holders(session, call.number_hash, call.last8_hash):
        raise Conflict(_("A customer has this number by now. Look at the call again."))
    return call


def create_customer(session: Session, actor: Actor, call_id: UUID, data: NewCallerInput) -> Customer:
    """A customer with the caller's number; the call is theirs then. Raises Invalid, Conflict, NotFound, Forbidden."""
    call = unknown_caller(session, actor, call_id)
    assert call.number_cipher is not None
    number = callers.clear(session, call.number_cipher)
    given = CustomerInput(name=data.name, kind=data.kind, phone=number)
    if data.contact_name and data.kind == "organisation":
        given.contact_name = data.contact_name
    customer = customer_create(session, actor, given)
    call.customer_id = customer.id
    record(session, actor, "telephony.new_customer", ref(call), customer_id=customer.id)
    signal(session, actor.user_id, "call", call.id.hex)
    return customer


def ref(call: Call) -> EntityRef:
    return EntityRef("telephony", "call", call.id)


def uuid_of(text: str) -> UUID:
    """Raises Invalid."""
    try:
        return UUID(text)
    except ValueError as error:
        raise Invalid(_("Which customer?")) from error
