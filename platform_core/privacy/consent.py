"""Writing down what persons agree to and object to. Nothing is changed afterwards, only added."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.events import Event
from platform_core.contracts.identity import Actor
from platform_core.customers import points
from platform_core.customers.models import Contact, ContactPoint
from platform_core.kernel import clock, dictionaries
from platform_core.kernel.database import vault_of
from platform_core.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from platform_core.kernel.events import publish
from platform_core.kernel.i18n import translator
from platform_core.kernel.ids import new_id
from platform_core.privacy import allowed, people
from platform_core.privacy.dictionaries import CHANNELS, PURPOSES, SOURCES
from platform_core.privacy.forms import ConsentInput, SuppressionInput, TextInput
from platform_core.privacy.models import Consent, ConsentText, Suppression
from platform_core.privacy.people import Person

_ = translator("privacy")
PERMISSION = "privacy.consent"
TEXTS = "privacy.texts"


def record_consent(session: Session, actor: Actor, who: Person, data: ConsentInput) -> Consent:
    """Write down a yes or a no of a person. Raises Forbidden, Invalid at the field.

    A yes names the version of the text that was agreed to, where the purpose has one, else what shows it in a note.
    """
    people.require(session, actor, PERMISSION, who)
    _known(session, {"purpose": (PURPOSES, data.purpose), "source": (SOURCES, data.source)})
    _known(session, {"channel": (CHANNELS, data.channel)} if data.channel else {})
    at = _moment(data)
    if data.given:
        _evidence(session, data)
    customer_id, contact_id = (who.customer_id, who.id) if isinstance(who, Contact) else (who.id, None)
    made = Consent(
        id=new_id(), customer_id=None if contact_id else customer_id, contact_id=contact_id, channel=data.channel,
        purpose=data.purpose, given=data.given, at=at, source=data.source, text_id=data.text_id,
        note=data.note.strip(), by_id=actor.user_id, by_label=actor.name,
    )  # fmt: skip
    session.add(made)
    after: dict[str, Any] = {"purpose": data.purpose, "channel": data.channel, "consent_source": data.source}
    after["at"] = at.isoformat()
    verb = "privacy.agree" if data.given else "privacy.withdraw"
    audit.record(session, actor, verb, people.ref(who), customer_id=customer_id, after=after)
    _tell(session, who, customer_id, actor)
    return made


def suppress(session: Session, actor: Actor, who: Person, data: SuppressionInput) -> Suppression:
    """Nothing more to a number of a person, to a contact of it, or to itself. Raises Forbidden, NotFound, Invalid."""
    people.require(session, actor, PERMISSION, who)
    _known(session, {"source": (SOURCES, data.source)})
    if data.purpose not in (allowed.EVERY, allowed.EVERYTHING):
        _known(session, {"purpose": (PURPOSES, data.purpose)})
    _known(session, {"channel": (CHANNELS, data.channel)} if data.channel else {})
    customer_id = people.customer_id(who)
    mask, ref = "", people.ref(who)
    if data.point_id is not None:
        point = people.point(session, who, data.point_id)
        key: dict[str, Any] = {"point_hash": point.full_hash}
        mask = point.mask
        if not isinstance(who, Contact):  # whose lines are found by the contact itself when it is erased
            ref = EntityRef("customers", "point", point.id, f"{who.name} {mask}")
    elif isinstance(who, Contact) or data.contact_id is not None:
        contact = people.one_of(session, who, data.contact_id or who.id)
        key, ref = {"contact_id": contact.id}, people.ref(contact)
    else:
        key = {"customer_id": who.id}
    made = _close(session, actor, key, mask, data)
    audit.record(
        session, actor, "privacy.suppress", ref, customer_id=customer_id, after=_said(data, mask), reason=data.note,
    )  # fmt: skip
    _tell(session, who, customer_id, actor)
    return made


def opt_out(
    session: Session, channel: str, to: str, *, purpose: str = allowed.EVERY, source: str = "reply", note: str = ""
) -> bool:
    """A number or address has answered that it wants nothing more: for plugins that receive such answers.

    `to` is clear text and is not kept; what is kept is its keyed hash and its mask. Doing it again changes nothing.
    Returns whether `to` is a number or address at all.
    """
    kind = allowed.POINT_KINDS.get(channel, ("",))[0]
    found = points.lookup(vault_of(session), kind, to)
    if found is None:
        return False
    mask = points.bulk_values(vault_of(session), kind, to)["mask"] if kind else ""
    data = SuppressionInput(channel=channel, purpose=purpose, source=source, note=note[:500])
    made = _close(session, None, {"point_hash": found}, mask, data)
    # Neither mask nor words: erasing does not find a line that belongs to no customer.
    ref = EntityRef("privacy", "suppression", made.id)
    audit.record(session, None, "privacy.suppress", ref, after=_said(data, ""))
    return True


def lift(session: Session, actor: Actor, who: Person, suppression_id: UUID, reason: str) -> Suppression:
    """Take an opt-out back, since the person wants so. It stays on record. Raises NotFound, Forbidden, Conflict."""
    people.require(session, actor, PERMISSION, who)
    found = next((item for item in opt_outs(session, who) if item.id == suppression_id), None)
    if found is None:
        raise NotFound(_("There is no such opt-out, or not for you."))
    if found.lifted_at is not None:
        raise Conflict(_("Somebody has taken this opt-out back already."))
    found.lifted_at, found.lifted_by, found.lift_reason = clock.now(), actor.name, reason.strip()
    after = {"purpose": found.purpose, "channel": found.channel, "number": found.mask}
    audit.record(
        session, actor, "privacy.lift_suppression", people.ref(who), customer_id=people.customer_id(who), after=after,
        reason=reason,
    )  # fmt: skip
    return found


def opt_outs(session: Session, who: Person) -> list[Suppression]:
    """Every opt-out, lifted ones too, of a person whom the actor sees, its contacts and all their numbers."""
    points = ContactPoint.contact_id if isinstance(who, Contact) else ContactPoint.customer_id
    hashes = select(ContactPoint.full_hash).where(points == who.id)
    statement = select(Suppression).where(or_(*_theirs(Suppression, who), Suppression.point_hash.in_(hashes)))
    return list(session.scalars(statement.order_by(Suppression.at.desc(), Suppression.id.desc())))


def _theirs(model: Any, who: Person) -> list[ColumnElement[bool]]:
    """Rows about the person, and of a customer about its contacts."""
    if isinstance(who, Contact):
        return [model.contact_id == who.id]
    mine = select(Contact.id).where(Contact.customer_id == who.id)
    return [model.customer_id == who.id, model.contact_id.in_(mine)]


def history(session: Session, who: Person) -> list[tuple[Consent, ConsentText | None]]:
    """What a person has said, a customer with its contacts, the latest first, each with the text it was about."""
    statement = (
        select(Consent, ConsentText)
        .outerjoin(ConsentText, ConsentText.id == Consent.text_id)
        .where(or_(*_theirs(Consent, who)))
        .order_by(Consent.at.desc(), Consent.id.desc())
    )
    return [(consent, text) for consent, text in session.execute(statement)]


def texts(session: Session) -> list[ConsentText]:
    """All versions, by purpose, the latest first."""
    return list(session.scalars(select(ConsentText).order_by(ConsentText.purpose, ConsentText.version.desc())))


def add_text(session: Session, actor: Actor, data: TextInput) -> ConsentText:
    """The next version for a purpose; earlier ones stay, since somebody agreed to them. Raises Forbidden, Invalid."""
    if not actor.can(TEXTS):
        raise Forbidden(_("You may not write these texts."), lacks=TEXTS)
    _known(session, {"purpose": (PURPOSES, data.purpose)})
    last = session.scalar(select(func.max(ConsentText.version)).where(ConsentText.purpose == data.purpose)) or 0
    made = ConsentText(
        id=new_id(), purpose=data.purpose, version=last + 1, body=data.body.strip(), by_id=actor.user_id,
        by_label=actor.name,
    )  # fmt: skip
    session.add(made)
    ref = EntityRef("privacy", "text", made.id, f"{data.purpose} {made.version}")
    audit.record(session, actor, "privacy.text", ref, after={"purpose": data.purpose, "version": made.version})
    return made


def _close(
    session: Session, actor: Actor | None, key: dict[str, Any], mask: str, data: SuppressionInput
) -> Suppression:
    """The opt-out, as it is where there is the same already."""
    same = {**key, "channel": data.channel, "purpose": data.purpose, "lifted_at": None}
    held = session.scalars(select(Suppression).filter_by(**same).limit(1)).first()
    if held is not None:
        return held
    made = Suppression(
        id=new_id(), **key, mask=mask, channel=data.channel, purpose=data.purpose, source=data.source,
        note=data.note.strip(), by_id=actor.user_id if actor else None, by_label=actor.name if actor else "",
    )  # fmt: skip
    session.add(made)
    return made


def _said(data: SuppressionInput, mask: str) -> dict[str, Any]:
    return {"purpose": data.purpose, "channel": data.channel, "consent_source": data.source, "number": mask}


def _known(session: Session, codes: dict[str, tuple[str, str]]) -> None:
    """Raises Invalid at each field whose code is not in its dictionary, or switched off there."""
    wrong = {
        field: _("Please choose from the list.")
        for field, (dictionary, code) in codes.items()
        if code not in dict(dictionaries.choices(session, dictionary))
    }
    if wrong:
        raise Invalid(_("Please check the marked fields."), fields=wrong)


def _moment(data: ConsentInput) -> datetime:
    """Today counts from now on; of an earlier day nobody knows the hour, so it counts from its beginning."""
    today = clock.today()
    if data.on is None or data.on == today:
        return clock.now()
    if data.on > today:
        message = _("This day has not come yet.")
        raise Invalid(message, fields={"on": message})
    return clock.day_start(data.on)


def _evidence(session: Session, data: ConsentInput) -> None:
    known = session.scalar(select(func.count()).select_from(ConsentText).where(ConsentText.purpose == data.purpose))
    if data.text_id is None and not known and data.note.strip():
        return
    text = session.get(ConsentText, data.text_id) if data.text_id else None
    if text is not None and text.purpose == data.purpose:
        return
    field = "text_id" if known else "note"
    message = _("Say which text was agreed to.") if known else _("Say what was agreed to, and where that is kept.")
    raise Invalid(_("Please check the marked fields."), fields={field: message})


def _tell(session: Session, who: Person, customer_id: UUID | None, actor: Actor) -> None:
    """Senders may look anew at what waits to be sent."""
    if customer_id is not None:
        publish(session, Event("privacy.consent_changed", people.ref(who), customer_id, actor.user_id))
