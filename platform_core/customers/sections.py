"""The record's own tabs on the customer page: what each reads and which template draws it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from platform_core.audit import texts
from platform_core.audit.models import AuditEntry
from platform_core.contracts.identity import Actor
from platform_core.customers import documents, elements, fields, filetypes, merging, queries, rights, unmerging
from platform_core.customers.custom import values as own
from platform_core.customers.custom.definitions import PREFIX
from platform_core.customers.models import Contact, ContactPoint, Customer, StatusChange
from platform_core.kernel import dictionaries
from platform_core.kernel.errors import Forbidden
from platform_core.kernel.i18n import translator
from platform_core.plugins.asking import hooks_of
from platform_core.web import cursors

_ = translator("customers")
_HISTORY_PAGE = 50
_CHANGES_SHOWN = 30
POINT_ICONS = {
    "mobile": "device-mobile", "phone": "phone", "fax": "printer", "email": "mail", "wechat": "brand-wechat",
    "qq": "message-circle",
}  # fmt: skip
ACTIONS = {
    "customers.view": _.lazy("Opened the page"),
    "customers.contacts": _.lazy("Looked at the contacts"),
    "customers.timeline": _.lazy("Read older lines"),
    "customers.statuses": _.lazy("Looked at the earlier statuses"),
    "customers.list": _.lazy("Saw it in a list"),
    "customers.search": _.lazy("Found it by search"),
    "customers.create": _.lazy("Added the customer"),
    "customers.update": _.lazy("Changed the record"),
    "customers.set_status": _.lazy("Changed the status"),
    "customers.delete": _.lazy("Moved it to the bin"),
    "customers.restore": _.lazy("Took it out of the bin"),
    "customers.reveal": _.lazy("Looked at a number"),
    "customers.tags": _.lazy("Changed the tags"),
    "customers.attach": _.lazy("Added a file"),
    "customers.detach": _.lazy("Removed a file"),
    "customers.download": _.lazy("Downloaded a file"),
    "customers.address": _.lazy("Changed an address"),
    "customers.point_delete": _.lazy("Removed a number"),
    "customers.contact_create": _.lazy("Added a contact"),
    "customers.contact_update": _.lazy("Changed a contact"),
    "customers.contact_delete": _.lazy("Removed a contact"),
    "customers.contact_attach": _.lazy("Attached a contact"),
    "permissions.denied": _.lazy("Was refused"),
}


@dataclass(frozen=True, slots=True)
class Person:
    """A contact with its numbers and accounts; without a contact, those of the customer itself."""

    contact: Contact | None
    points: list[ContactPoint]

    @property
    def born(self) -> str:
        return fields.born(self.contact) if self.contact else ""


@dataclass(frozen=True, slots=True)
class Change:
    """A line of the audit trail as people read it; `fields`: (label, before, after)."""

    entry: AuditEntry
    what: str
    fields: list[tuple[str, str, str]]


Section = tuple[str, dict[str, Any]]
"""Template and context."""


def contacts(session: Session, actor: Actor, customer: Customer) -> Section:
    points = queries.points_of(session, customer.id)
    people = [
        Person(contact, [point for point in points if point.contact_id == contact.id])
        for contact in queries.contacts_of(session, customer.id)
    ]
    own = [point for point in points if point.contact_id is None]
    return "customers/_contacts.html", {
        "people": [*([Person(None, own)] if own else []), *people],
        "may_edit": rights.may(session, actor, "customers.edit", customer),
        "may_reveal": rights.may(session, actor, "customers.reveal", customer),
        "point_icons": POINT_ICONS,
    }


def files(session: Session, actor: Actor, customer: Customer) -> Section:
    return "customers/_files.html", {
        "documents": documents.of(session, customer.id),
        "may_edit": rights.may(session, actor, "customers.edit", customer),
        "accept": filetypes.ACCEPT,
    }


def record(session: Session, actor: Actor, customer: Customer) -> Section:
    """Every field that says something, in groups."""
    groups = []
    for title, names in fields.GROUPS.items():
        shown = [(fields.label(name), fields.shown(session, name, getattr(customer, name))) for name in names]
        filled = [(label, value) for label, value in shown if value]
        if filled and (title != fields.PERSON or customer.kind == "person"):
            groups.append((str(title), filled))
    earlier = merging.earlier(session, customer.id)
    may_merge = rights.may(session, actor, merging.PERMISSION, customer)
    return "customers/_record.html", {
        "earlier": earlier,
        "way_back": {merge.id for merge, _code, _name in earlier if may_merge and unmerging.is_open(merge)},
        "groups": groups,
        "completeness": elements.of(customer),
        "own": own.rows(session, customer),
        "may_reveal": rights.may(session, actor, "customers.reveal", customer),
        "addresses": queries.addresses_of(session, customer.id),
        "address_kinds": fields.ADDRESS_KINDS,
        "may_edit": rights.may(session, actor, "customers.edit", customer),
    }


def statuses(session: Session, customer: Customer) -> Section:
    """The statuses that the customer has had, the newest first; fetched once the page is there."""
    found = session.scalars(
        select(StatusChange)
        .where(StatusChange.customer_id == customer.id)
        .order_by(StatusChange.at.desc(), StatusChange.id.desc())
        .limit(_CHANGES_SHOWN)
    ).all()
    words = texts.Words(session, texts.everybodys(hooks_of(session).manager))
    return "customers/_statuses.html", {
        "statuses": dictionaries.entries(session, "customers.status"),
        "changes": [(change, str(ACTIONS.get(change.cause) or words.action(change.cause))) for change in found],
    }


def history(session: Session, actor: Actor, customer: Customer, before: str = "") -> Section:
    """What the audit trail says of this customer, newest first. Raises Forbidden without the right to read it."""
    if not actor.can("audit.read"):
        raise Forbidden(lacks="audit.read")
    newest = select(AuditEntry).order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(_HISTORY_PAGE + 1)
    if before:
        at, mark = cast("tuple[datetime, UUID]", cursors.decode(before, 2))
        newest = newest.where(or_(AuditEntry.at < at, and_(AuditEntry.at == at, AuditEntry.id < mark)))
    own = session.scalars(newest.where(AuditEntry.customer_id == customer.id)).all()
    # What was done with its contacts while they stood alone. Two statements, each of which an index serves.
    people = select(Contact.id).where(Contact.customer_id == customer.id)
    alone = session.scalars(newest.where(*_of_contacts(AuditEntry.entity_id.in_(people)))).all()
    rows = sorted([*own, *alone], key=lambda entry: (entry.at, entry.id), reverse=True)[: _HISTORY_PAGE + 1]
    page = rows[:_HISTORY_PAGE]
    older = cursors.encode([page[-1].at, page[-1].id]) if len(rows) > _HISTORY_PAGE else ""
    return "customers/_history.html", {"changes": _changes(session, page), "older": older}


def contact_history(session: Session, actor: Actor, contact: Contact) -> list[Change]:
    """The latest of what the audit trail says of a contact; nothing without the right to read it."""
    if not actor.can("audit.read"):
        return []
    mine = select(AuditEntry).where(*_of_contacts(AuditEntry.entity_id == contact.id))
    newest = mine.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(_HISTORY_PAGE)
    return _changes(session, session.scalars(newest).all())


def _of_contacts(which: ColumnElement[bool]) -> tuple[ColumnElement[bool], ...]:
    """Lines about contacts that stood alone."""
    return (which, AuditEntry.entity == "customers/contact", AuditEntry.customer_id.is_(None))


def _changes(session: Session, entries: Sequence[AuditEntry]) -> list[Change]:
    words = texts.Words(session, texts.everybodys(hooks_of(session).manager))
    return [
        Change(entry, str(ACTIONS.get(entry.action) or words.action(entry.action)), _differences(session, entry))
        for entry in entries
    ]


def _differences(session: Session, entry: AuditEntry) -> list[tuple[str, str, str]]:
    names = dict.fromkeys([*entry.before, *entry.after])
    return [
        (
            fields.label(name, session),
            _text(session, name, entry.before.get(name)),
            _text(session, name, entry.after.get(name)),
        )
        for name in names
    ]


def _text(session: Session, name: str, value: Any) -> str:
    if isinstance(value, list) and not name.startswith(PREFIX):
        return ", ".join(str(item) for item in value)
    return fields.shown(session, name, value)


BY_TAB: Mapping[str, Callable[[Session, Actor, Customer], Section]] = {
    "contacts": contacts,
    "files": files,
    "record": record,
    "history": history,
}
