"""Sending to one customer or contact, and taking what they answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import msgspec
from baton_plugins.sms import queries, rendering
from baton_plugins.sms.carriers import Carriers
from baton_plugins.sms.models import Reply
from baton_plugins.sms.rendering import Codes, Rendered
from msgspec import Meta
from sqlalchemy import select

from platform_core.api import (
    Actor,
    Conflict,
    Contact,
    Customer,
    EntityRef,
    Invalid,
    NotFound,
    Session,
    contact_get,
    contact_require,
    customer_get,
    customer_require,
    dictionaries,
    new_id,
    notify,
    record,
    translator,
    values_of_customer,
)
from platform_core.api.messages import (
    Heard,
    OutboxMessage,
    Outgoing,
    Reach,
    Sms,
    cancel_message,
    message_excluded,
    message_kind,
    message_reaches,
    message_reaches_alone,
    message_reason,
    message_verdict,
    send_message,
)

_ = translator("sms")
SEND = "sms.send"
PURPOSES = "privacy.purposes"


class SmsInput(msgspec.Struct, kw_only=True):
    """One text to one number of a customer, or of a contact that stands alone."""

    point_id: UUID
    text: Annotated[str, Meta(max_length=1600)]
    purpose: Annotated[str, Meta(max_length=60)] = "service"
    template_id: UUID | None = None


class TemplateInput(msgspec.Struct, kw_only=True):
    name: Annotated[str, Meta(max_length=60)]
    text: Annotated[str, Meta(max_length=1600)]
    purpose: Annotated[str, Meta(max_length=60)] = "service"
    active: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be sent now: `cents` for all its parts, `against` why not, in words, `account` "" for none."""

    rendered: Rendered
    mask: str
    cents: int
    against: str
    account: str
    codes: Codes


def reached(session: Session, who: Customer | Contact) -> list[Reach]:
    """Numbers that a text can go to."""
    if isinstance(who, Contact):
        return message_reaches_alone(session, who, "sms")
    return message_reaches(session, who.id, "sms")


def require(session: Session, actor: Actor, who: Customer | Contact) -> None:
    """Raises Forbidden for whoever may not send to them."""
    if isinstance(who, Contact):
        contact_require(session, actor, SEND, who)
    else:
        customer_require(session, actor, SEND, who)


def preview(session: Session, actor: Actor, who: Customer | Contact, data: SmsInput) -> Preview:
    """Through the renderer that sends. Raises Invalid, NotFound."""
    reach = next((item for item in reached(session, who) if item.point_id == data.point_id), None)
    if reach is None:
        raise NotFound(_("There is no such number, or not for you."))
    purposes = dict(dictionaries.choices(session, PURPOSES))
    if data.purpose not in purposes:
        raise Invalid(_("Please check the marked fields."), fields={"purpose": _("Please choose from the list.")})
    carriers, mainland = Carriers(session, data.purpose), not reach.mask.startswith("+")
    codes = queries.codes_of(session, data.template_id, data.text)
    values = values_of_customer(actor, who, reach.contact)
    rendered = carriers.wording(data.text).fill(values, mainland=mainland)
    carriers.require_approved(codes, mainland=[mainland])
    cents = rendered.parts * carriers.cents(mainland=mainland)
    account, against = carriers.first(mainland=mainland), _against(session, who, reach, data.purpose)
    return Preview(rendered, reach.mask, cents, against, account.name if account else "", codes)


def _against(session: Session, who: Customer | Contact, reach: Reach, purpose: str) -> str:
    """What the claim would hold it back for, in words; "" for nothing."""
    customer_id = who.id if isinstance(who, Customer) else None
    verdict = message_verdict(session, customer_id, reach, "sms", purpose)
    if not verdict:
        return verdict.sentence
    is_left_alone = message_kind(purpose) == "marketing" and any(
        occasion == "" for _person, occasion in message_excluded(session, (customer_id, reach.contact_id))
    )
    return message_reason("excluded") if is_left_alone else ""


def send_one(session: Session, actor: Actor, who: Customer | Contact, data: SmsInput, key: str) -> UUID:
    """Put one text to one person into the outbox. Raises Invalid, NotFound, Forbidden, Conflict."""
    require(session, actor, who)
    seen = preview(session, actor, who, data)
    customer_id = who.id if isinstance(who, Customer) else None
    if seen.against:
        raise Conflict(seen.against)
    made = send_message(
        session, actor,
        Outgoing(
            key=f"sms:{actor.user_id}:{key}", channel="sms", owner="sms", text=seen.rendered.text,
            point_id=data.point_id, purpose=data.purpose, customer_id=customer_id, parts=seen.rendered.parts,
            contact_id=None if customer_id else who.id,
            templates=rendering.handed(seen.codes, seen.rendered),
        ),
    )  # fmt: skip
    if made is None:
        raise Conflict(_("This message was sent already."))
    ref = EntityRef("sms", "message", made, seen.mask)
    after: dict[str, Any] = {"purpose": data.purpose, "parts": seen.rendered.parts}
    if customer_id is None:  # nothing else in the line says to whom
        ref, after["number"] = EntityRef("customers", "contact", who.id, who.name), seen.mask
    record(session, actor, "sms.send", ref, customer_id=customer_id, after=after)
    return made


def send_for_others(session: Session, actor: Actor, sms: Sms) -> UUID | None:
    """Behind SMS_SENDER: for plugins that greet and remind. Rights are theirs to check."""
    return send_message(
        session, actor,
        Outgoing(
            key=sms.key, channel="sms", owner="sms", text=sms.text, point_id=sms.point_id, purpose=sms.purpose,
            occasion=sms.occasion, customer_id=sms.customer_id, not_before=sms.not_before, expires_at=sms.expires_at,
            lane="bulk" if message_kind(sms.purpose) == "marketing" else "interactive",
        ),
    )  # fmt: skip


def take_back(session: Session, actor: Actor, message_id: UUID) -> OutboxMessage:
    """Raises NotFound, Forbidden, Conflict when it has left."""
    message = queries.message(session, message_id)
    if message.customer_id is not None:
        require(session, actor, customer_get(session, message.customer_id))
    elif message.contact_id is not None:
        require(session, actor, contact_get(session, message.contact_id))
    else:
        raise NotFound(_("There is no such message, or not for you."))
    return cancel_message(session, actor, message_id)


def hear(session: Session, account_id: UUID, answer: Heard) -> None:
    """Behind SMS_INBOUND: keep the answer once, and tell whoever wrote and whoever looks after the customer."""
    if session.scalar(select(Reply.id).where(Reply.key == answer.key)) is not None:
        return
    session.add(
        Reply(
            id=new_id(), key=answer.key[:200], customer_id=answer.customer_id, contact_id=answer.contact_id,
            answers_id=answer.answers_id, mask=answer.mask, text=answer.text, at=answer.at, opted_out=answer.opted_out,
        )
    )  # fmt: skip
    who: Customer | Contact | None = None
    if answer.customer_id is not None:
        who = session.get(Customer, answer.customer_id)
    elif answer.contact_id is not None:
        who = session.get(Contact, answer.contact_id)
    if who is None:
        return
    sent = session.get(OutboxMessage, answer.answers_id) if answer.answers_id else None
    people = [key for key in (sent.sender_id if sent else None, who.owner_id) if key is not None]
    message = "%(name)s wants no more messages." if answer.opted_out else "%(name)s has answered a message."
    url = f"/contacts/{who.id}" if isinstance(who, Contact) else f"/customers/{who.id}"
    notify(session, people, "sms", message, {"name": who.name}, url=url, icon="message")
