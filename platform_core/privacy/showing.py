"""What the privacy page of a person shows: who said what, what is closed, restrictions, requests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.contracts.pages import Action, Panel
from platform_core.customers import rights
from platform_core.customers.models import Contact, Customer
from platform_core.kernel import dictionaries
from platform_core.kernel.i18n import translator
from platform_core.privacy import consent, people, register, restricting
from platform_core.privacy.allowed import EVERY, EVERYTHING
from platform_core.privacy.dictionaries import CHANNELS, PURPOSES, SOURCES
from platform_core.privacy.forgetting import ERASED
from platform_core.privacy.models import Consent, ConsentText, Suppression
from platform_core.privacy.people import Person
from platform_core.privacy.policies import HANDLE

_ = translator("privacy")


@dataclass(frozen=True, slots=True)
class Word:
    """A line of the history, in words."""

    consent: Consent
    who: str
    purpose: str
    channel: str
    source: str
    text: ConsentText | None
    holds: bool
    """Nothing later has been said about the same."""


@dataclass(frozen=True, slots=True)
class Closed:
    """An opt-out, in words."""

    row: Suppression
    whom: str
    purpose: str
    channel: str
    source: str


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a page is about. `key`: what names them in the address of a form for a request."""

    name: str
    code: str
    url: str
    back: str
    erase_url: str
    key: str
    restricted_at: datetime | None


def subject(who: Person) -> Subject:
    if isinstance(who, Contact):
        place, key = f"/contacts/{who.id}", f"contact={who.id}"
        return Subject(
            who.name,
            _("stands alone"),
            people.url(who),
            "/contacts?view=alone",
            f"{place}/erase",
            key,
            who.restricted_at,
        )
    place, key = f"/customers/{who.id}", f"customer={who.id}"
    return Subject(who.name, who.code, people.url(who), place, f"{place}/erase", key, who.restricted_at)


def of_person(session: Session, actor: Actor, who: Person) -> dict[str, Any]:
    """The context of the page."""
    handles = people.may(session, actor, HANDLE, who)
    return {
        "who": subject(who),
        "words": _words(session, who),
        "closed": _closed(session, who),
        "restrictions": restricting.of_person(session, who),
        "requests": register.of_person(session, who) if handles else [],
        "may_write": people.may(session, actor, consent.PERMISSION, who),
        "handles": handles,
    }


def channel_of(session: Session, code: str) -> str:
    return _("every channel") if code == EVERY else dictionaries.label(session, CHANNELS, code)


def purpose_of(session: Session, code: str) -> str:
    """Of an opt-out."""
    if code == EVERYTHING:
        return _("everything")
    return _("everything that needs consent") if code == EVERY else dictionaries.label(session, PURPOSES, code)


def _words(session: Session, who: Person) -> list[Word]:
    names = {person.id: person.name for person in people.contacts_of(session, who)}
    seen: set[Any] = set()
    found = []
    for row, text in consent.history(session, who):
        about = (row.contact_id, row.purpose, row.channel)
        whole = (row.contact_id, row.purpose, EVERY)
        found.append(
            Word(
                row, names.get(row.contact_id, "") if row.contact_id else who.name,
                dictionaries.label(session, PURPOSES, row.purpose), channel_of(session, row.channel),
                dictionaries.label(session, SOURCES, row.source), text, holds=not {about, whole} & seen,
            )
        )  # fmt: skip
        seen.add(about)
    return found


def _closed(session: Session, who: Person) -> list[Closed]:
    names: dict[Any, str] = {person.id: person.name for person in people.contacts_of(session, who)}
    names |= {point.full_hash: point.mask for point in people.points_of(session, who)} | {who.id: who.name}
    return [
        Closed(
            row, names.get(row.point_hash or row.contact_id or row.customer_id, row.mask),
            purpose_of(session, row.purpose), channel_of(session, row.channel),
            _source(session, row),
        )
        for row in consent.opt_outs(session, who)
    ]  # fmt: skip


def _source(session: Session, row: Suppression) -> str:
    return _("Left by an erased person") if row.source == ERASED else dictionaries.label(session, SOURCES, row.source)


def choices(session: Session, who: Person) -> dict[str, Any]:
    """For the forms: whose word it is, about what, how it came."""
    others = [] if isinstance(who, Contact) else people.contacts_of(session, who)
    return {
        "who": subject(who),
        "people": [(str(person.id), person.name) for person in others],
        "purposes": dictionaries.choices(session, PURPOSES),
        "channels": dictionaries.choices(session, CHANNELS),
        "sources": dictionaries.choices(session, SOURCES),
        "texts": [(str(text.id), _version(session, text)) for text in consent.texts(session)],
        "points": [(str(point.id), point.mask) for point in people.points_of(session, who)],
    }  # fmt: skip


def _version(session: Session, text: ConsentText) -> str:
    purpose = dictionaries.label(session, PURPOSES, text.purpose)
    return _("%(purpose)s, version %(version)d", purpose=purpose, version=text.version)


def whose(session: Session, who: Person, contact_id: UUID | None) -> Person:
    """The person a form is about. Raises NotFound for a contact of somebody else."""
    return who if contact_id is None else people.one_of(session, who, contact_id)


def actions(session: Session, actor: Actor, customer: Customer) -> list[Action]:
    """On the customer page."""
    if not rights.may(session, actor, consent.PERMISSION, customer):
        return []
    url = f"/customers/{customer.id}/privacy"
    return [Action("privacy.view", _("Consent and privacy"), "shield-check", url, consent.PERMISSION, order=90)]


def panels(session: Session, actor: Actor, customer: Customer) -> list[Panel]:
    """A mark on restricted records. Asks the database nothing."""
    if customer.restricted_at is None:
        return []
    return [Panel("privacy.restricted", "banner", _("Restricted"), "privacy/_restricted.html", order=1)]
