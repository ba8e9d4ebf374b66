"""What the privacy page of a customer shows: who said what, what is closed, restrictions, requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.contracts.pages import Action, Panel
from platform_core.customers import queries, rights
from platform_core.customers.models import Contact, ContactPoint, Customer
from platform_core.kernel import dictionaries
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.privacy import consent, register, restricting
from platform_core.privacy.allowed import EVERY, EVERYTHING
from platform_core.privacy.dictionaries import CHANNELS, PURPOSES, SOURCES
from platform_core.privacy.forgetting import ERASED
from platform_core.privacy.models import Consent, ConsentText, Suppression
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


def of_customer(session: Session, actor: Actor, customer: Customer) -> dict[str, Any]:
    """The context of the page."""
    people = queries.contacts_of(session, customer.id)
    held = queries.points_of(session, customer.id)
    handles = rights.may(session, actor, HANDLE, customer)
    return {
        "customer": customer,
        "words": _words(session, customer, people),
        "closed": _closed(session, customer, people, held),
        "restrictions": restricting.of_customer(session, customer.id),
        "requests": register.of_customer(session, customer.id) if handles else [],
        "may_write": rights.may(session, actor, consent.PERMISSION, customer),
        "handles": handles,
    }


def channel_of(session: Session, code: str) -> str:
    return _("every channel") if code == EVERY else dictionaries.label(session, CHANNELS, code)


def purpose_of(session: Session, code: str) -> str:
    """Of an opt-out."""
    if code == EVERYTHING:
        return _("everything")
    return _("everything that needs consent") if code == EVERY else dictionaries.label(session, PURPOSES, code)


def _words(session: Session, customer: Customer, people: Sequence[Contact]) -> list[Word]:
    names = {person.id: person.name for person in people}
    seen: set[Any] = set()
    found = []
    for row, text in consent.history(session, customer):
        about = (row.contact_id, row.purpose, row.channel)
        whole = (row.contact_id, row.purpose, EVERY)
        found.append(
            Word(
                row, names.get(row.contact_id, "") if row.contact_id else customer.name,
                dictionaries.label(session, PURPOSES, row.purpose), channel_of(session, row.channel),
                dictionaries.label(session, SOURCES, row.source), text, holds=not {about, whole} & seen,
            )
        )  # fmt: skip
        seen.add(about)
    return found


def _closed(
    session: Session, customer: Customer, people: Sequence[Contact], held: Sequence[ContactPoint]
) -> list[Closed]:
    names: dict[Any, str] = {person.id: person.name for person in people}
    names |= {point.full_hash: point.mask for point in held} | {customer.id: customer.name}
    return [
        Closed(
            row, names.get(row.point_hash or row.contact_id or row.customer_id, row.mask),
            purpose_of(session, row.purpose), channel_of(session, row.channel),
            _source(session, row),
        )
        for row in consent.of_customer(session, customer)
    ]  # fmt: skip


def _source(session: Session, row: Suppression) -> str:
    return _("Left by an erased person") if row.source == ERASED else dictionaries.label(session, SOURCES, row.source)


def choices(session: Session, customer: Customer) -> dict[str, Any]:
    """For the forms: whose word it is, about what, how it came."""
    people = queries.contacts_of(session, customer.id)
    return {
        "people": [(str(person.id), person.name) for person in people],
        "purposes": dictionaries.choices(session, PURPOSES),
        "channels": dictionaries.choices(session, CHANNELS),
        "sources": dictionaries.choices(session, SOURCES),
        "texts": [(str(text.id), _version(session, text)) for text in consent.texts(session)],
        "points": [(str(point.id), point.mask) for point in queries.points_of(session, customer.id)],
    }  # fmt: skip


def _version(session: Session, text: ConsentText) -> str:
    purpose = dictionaries.label(session, PURPOSES, text.purpose)
    return _("%(purpose)s, version %(version)d", purpose=purpose, version=text.version)


def whose(session: Session, customer: Customer, contact_id: UUID | None) -> Customer | Contact:
    """The person a form is about. Raises NotFound for a contact of somebody else."""
    if contact_id is None:
        return customer
    contact = queries.contact(session, contact_id)
    if contact.customer_id != customer.id:
        raise NotFound(_("There is no such contact, or not for you."))
    return contact


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
