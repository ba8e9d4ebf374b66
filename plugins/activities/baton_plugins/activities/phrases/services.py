"""Making phrases, changing and removing them, and taking one into a text."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from baton_plugins.activities.phrases import filling, queries
from baton_plugins.activities.phrases.models import Phrase, PhraseUse
from msgspec import Meta
from sqlalchemy import func, select

from platform_core.api import (
    Actor,
    Conflict,
    Customer,
    EntityRef,
    Forbidden,
    Invalid,
    NotFound,
    Session,
    User,
    changes,
    customer_contacts,
    customer_get,
    new_id,
    now,
    places_of_text,
    record,
    sharing,
    translator,
    values_of_customer,
)

_ = translator("activities")
MOST = 200
"""That one person keeps."""


class PhraseInput(msgspec.Struct, kw_only=True):
    """A text, with the places of filling.PLACES if wanted, such as `{customer}`."""

    name: Annotated[str, Meta(min_length=1, max_length=40)]
    text: Annotated[str, Meta(min_length=1, max_length=2000)]
    reach: Literal["private", "team", "department", "all"] = "private"
    place_id: UUID | None = None
    """The team or department."""
    version: int | None = None
    """Of the phrase as it was read; only for changes."""


class TakeInput(msgspec.Struct, kw_only=True):
    """Whom the text is about."""

    customer_id: UUID
    contact_id: UUID | None = None


def create(session: Session, actor: Actor, data: PhraseInput) -> Phrase:
    """Raises Invalid at the field."""
    mine = select(func.count()).select_from(Phrase).where(Phrase.owner_id == actor.user_id, Phrase.removed_at.is_(None))
    if (session.scalar(mine) or 0) >= MOST:
        raise Invalid(_("You keep %(most)d phrases already. Remove one first.", most=MOST))
    phrase = Phrase(id=new_id(), owner_id=actor.user_id, **_columns(session, actor, data))
    session.add(phrase)
    record(session, actor, "activities.make_phrase", phrase.ref, after=_said(phrase))
    return phrase


def change(session: Session, actor: Actor, phrase_id: UUID, data: PhraseInput) -> Phrase:
    """Raises NotFound, Forbidden, Invalid at the field, Conflict."""
    phrase = _own(session, actor, phrase_id)
    if phrase.removed_at is not None:
        raise NotFound(_("There is no such phrase, or not for you."))
    if data.version is not None and data.version != phrase.version:
        raise Conflict(_("Somebody has changed this phrase in the meantime. Look at it again."))
    before = _said(phrase)
    for name, value in _columns(session, actor, data).items():
        setattr(phrase, name, value)
    was, becomes = changes(before, _said(phrase))
    if becomes:
        record(session, actor, "activities.change_phrase", phrase.ref, before=was, after=becomes)
    return phrase


def remove(session: Session, actor: Actor, phrase_id: UUID) -> Phrase:
    phrase = _own(session, actor, phrase_id)
    if phrase.removed_at is None:
        phrase.removed_at = now()
        record(session, actor, "activities.remove_phrase", phrase.ref, before=_said(phrase))
    return phrase


def restore(session: Session, actor: Actor, phrase_id: UUID) -> Phrase:
    phrase = _own(session, actor, phrase_id)
    if phrase.removed_at is not None:
        phrase.removed_at = None
        record(session, actor, "activities.restore_phrase", phrase.ref, after=_said(phrase))
    return phrase


def take(session: Session, actor: Actor, phrase_id: UUID, data: TakeInput) -> str:
    """The text, filled for a customer that the actor sees. Raises NotFound."""
    phrase = queries.get(session, actor, phrase_id)
    if phrase.removed_at is not None:
        raise NotFound(_("There is no such phrase, or not for you."))
    customer = customer_get(session, data.customer_id)
    used = session.get(PhraseUse, (phrase.id, actor.user_id)) or PhraseUse(
        phrase_id=phrase.id, user_id=actor.user_id, times=0
    )
    used.times, used.last_at = used.times + 1, now()
    session.add(used)
    ref = EntityRef("customers", "customer", customer.id, customer.name)
    record(session, actor, "activities.take_phrase", ref, customer_id=customer.id)
    return filling.filled(phrase.text, values(session, actor, customer, data.contact_id))


def values(session: Session, actor: Actor, customer: Customer, contact_id: UUID | None) -> dict[str, str]:
    """What fills the places; a contact of somebody else is none."""
    chosen = [one.name for one in customer_contacts(session, customer.id) if one.id == contact_id] if contact_id else []
    return values_of_customer(actor, customer, chosen[0] if chosen else "")


def _columns(session: Session, actor: Actor, data: PhraseInput) -> dict[str, Any]:
    name, text = " ".join(data.name.split()), data.text.strip()
    if not name:
        raise sharing.wrong("name", _("Please fill this in."))
    if not text:
        raise sharing.wrong("text", _("Please fill this in."))
    places_of_text(text, filling.PLACES)
    return {"name": name, "text": text, **sharing.placed(session, actor, data.reach, data.place_id)}


def _own(session: Session, actor: Actor, phrase_id: UUID) -> Phrase:
    phrase = queries.get(session, actor, phrase_id)
    if not sharing.may_change(actor, phrase):
        owner = session.get_one(User, phrase.owner_id)
        raise Forbidden(_("This phrase is %(name)s's. Ask them, or make one of your own.", name=owner.name))
    return phrase


def _said(phrase: Phrase) -> dict[str, Any]:
    """Its text stays out of the trail, as all texts do."""
    return {"name": phrase.name, "reach": phrase.reach, "length": len(phrase.text)}
