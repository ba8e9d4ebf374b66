"""From an address to the conditions of the list, with each refusal at its field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.contracts.happenings import HappeningSource
from platform_core.contracts.identity import Actor
from platform_core.customers import searching
from platform_core.customers.groups import queries as groups
from platform_core.customers.models import Contact, Customer
from platform_core.kernel.clock import today
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.plugins.registry import Owned
from platform_core.users.labels import labels, person_choices
from platform_core.web.forms import Bound, bind
from platform_core.web.lists.private import is_private

_ = translator("reports")
USUAL_DAYS = 30
MOST_DAYS = 92
MOST_DAYS_OF_WORDS = 31
MOST_CUSTOMERS = 50
"""Whom words for a customer may mean"""
ME = "me"
_FIELDS = ("first", "last", "kind", "person", "owner", "customer", "name", "contact", "group", "status", "words")
Pairs = Sequence[tuple[str, str]]
Sources = Sequence[Owned[HappeningSource]]


class Conditions(msgspec.Struct, kw_only=True):
    """As the form sends them."""

    first: date | None = None
    last: date | None = None
    kind: Annotated[str, msgspec.Meta(max_length=80)] = ""
    person: Annotated[str, msgspec.Meta(max_length=36)] = ""
    owner: Annotated[str, msgspec.Meta(max_length=36)] = ""
    customer: UUID | None = None
    name: Annotated[str, msgspec.Meta(max_length=80)] = ""
    contact: UUID | None = None
    group: Annotated[str, msgspec.Meta(max_length=36)] = ""
    status: Annotated[str, msgspec.Meta(max_length=120)] = ""
    words: Annotated[str, msgspec.Meta(max_length=80)] = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for. `customers`: only these, None is everybody's."""

    first: date
    last: date
    kind: str = ""
    person: UUID | None = None
    owner: UUID | None = None
    customers: tuple[UUID, ...] | None = None
    contact: UUID | None = None
    status: str = ""
    words: str = ""
    group: str = ""
    """Id of a group of customers for the reader"""


@dataclass(frozen=True, slots=True)
class Reading:
    """The form as the page draws it, and what it asks for; without that there is an error at a field."""

    form: Bound[Conditions]
    asked: Asked | None
    people: Pairs
    kinds: Pairs
    statuses: Pairs
    groups: Pairs = ()
    contacts: Pairs = ()
    """Of the one customer that is meant"""
    customer: str = ""
    """Name of a customer who was named by an id"""
    cut: bool = False
    """More customers are called so than the list is read for."""

    @property
    def pairs(self) -> dict[str, str]:
        """The conditions as an address has them."""
        return {name: str(value) for name in _FIELDS if (value := self.form.get(name))}


def allowed(sources: Sequence[Owned[HappeningSource]], actor: Actor) -> Sources:
    """Those whose rows the actor may see at all."""
    return [item for item in sources if actor.can(item.value.permission)]


def read(session: Session, actor: Actor, sources: Sources, given: Mapping[str, str]) -> Reading:
    form = bind(Conditions, {name: given.get(name, "") for name in _FIELDS})
    people = [(ME, _("Me")), *person_choices(session)]
    kinds = [(kind.key, str(kind.label)) for item in sources for kind in item.value.kinds]
    reading = Reading(form, None, people, kinds, _statuses(sources), groups.choices(session, actor))
    data = form.value
    if data is None:
        return reading
    first, last = _period(data)
    form.values |= {"first": first.isoformat(), "last": last.isoformat()}
    form.errors |= _wrong(session, reading, data, first, last)
    if form.errors:
        return reading
    return _resolved(session, actor, reading, data, first, last)


def _statuses(sources: Sources) -> Pairs:
    """Each with what has it: a call that is open is no plan that is."""
    return [
        (f"{item.value.key}:{code}", _("%(kind)s: %(status)s", kind=item.value.kinds[0].label, status=word))
        for item in sources
        for code, word in item.value.states.items()
    ]


def _period(data: Conditions) -> tuple[date, date]:
    last = data.last or (today() if data.first is None else max(data.first, today()))
    return data.first or last - timedelta(USUAL_DAYS - 1), last


def _wrong(session: Session, reading: Reading, data: Conditions, first: date, last: date) -> dict[str, str]:
    found: dict[str, str] = {}
    one = data.customer is not None or bool(data.name)
    most = MOST_DAYS_OF_WORDS if data.words else MOST_DAYS
    if first == date.min or last == date.max:  # plugins count from where a day begins to where the next one does
        found["last" if last == date.max else "first"] = _("There is no such day.")
    elif last < first:
        found["last"] = _("The end is before the start.")
    elif not one and (last - first).days >= most:
        found["last"] = (
            _("Words are looked for in at most %(days)d days, unless a customer is named.", days=most)
            if data.words
            else _("At most %(days)d days at once, unless a customer is named.", days=most)
        )
    for name, text in (("name", data.name), ("words", data.words)):
        if is_private(text):
            found[name] = _("Numbers and addresses do not stand here: find whose they are in the list of customers.")
    known = {"kind": reading.kinds, "status": reading.statuses, "group": reading.groups}
    for name, pairs in known.items():
        if (value := getattr(data, name)) and value not in dict(pairs):
            found[name] = _("Please choose from the list.")
    for name in ("person", "owner"):
        if (value := getattr(data, name)) and value != ME and not _is_person(session, value):
            found[name] = _("Please choose from the list.")
    return found


def _is_person(session: Session, text: str) -> bool:
    """Also those who have left: what they did is still there."""
    try:
        return UUID(text) in labels(session).people
    except ValueError:
        return False


def _resolved(
    session: Session, actor: Actor, reading: Reading, data: Conditions, first: date, last: date
) -> Reading:  # fmt: skip
    customers, named, cut = _customers(session, data)
    contacts: Pairs = ()
    if customers is not None and len(customers) == 1:
        of_it = select(Contact.id, Contact.name).where(Contact.customer_id == customers[0]).order_by(Contact.name)
        contacts = [(str(key), name) for key, name in session.execute(of_it.limit(MOST_CUSTOMERS))]
    if data.contact is not None and str(data.contact) not in dict(contacts):
        reading.form.add(Invalid("", fields={"contact": _("Choose a customer first, then one of its contacts.")}))
        return reading
    person, owner = (
        None if not text else actor.user_id if text == ME else UUID(text) for text in (data.person, data.owner)
    )
    asked = Asked(
        first, last, data.kind, person, owner, customers, data.contact, data.status, data.words.strip(), data.group
    )  # fmt: skip
    return replace(reading, asked=asked, contacts=contacts, customer=named, cut=cut)


def _customers(session: Session, data: Conditions) -> tuple[tuple[UUID, ...] | None, str, bool]:
    """(whom the list is about, the name of the one that was chosen, whether there are more). Only those one sees."""
    if data.customer is not None:
        found = session.execute(select(Customer.id, Customer.name).where(Customer.id == data.customer)).all()
        return tuple(key for key, _name in found), found[0].name if found else "", False
    if not data.name:
        return None, "", False
    meant = select(Customer.id).where(searching.condition(session, data.name).condition)
    ids = session.scalars(meant.order_by(Customer.id).limit(MOST_CUSTOMERS + 1)).all()
    return tuple(ids[:MOST_CUSTOMERS]), "", len(ids) > MOST_CUSTOMERS


def in_words(reading: Reading, session: Session) -> list[str]:
    """The conditions as paper names them."""
    asked = reading.asked
    if asked is None:
        return []
    people: dict[Any, str] = {key: person.name for key, person in labels(session).people.items()}
    said = [
        (_("Kind"), dict(reading.kinds).get(asked.kind, "")),
        (_("Person"), people.get(asked.person, "")),
        (_("Customer's owner"), people.get(asked.owner, "")),
        (_("Customer"), reading.customer or str(reading.form.get("name"))),
        (_("Contact"), dict(reading.contacts).get(str(asked.contact), "")),
        (_("Group"), dict(reading.groups).get(asked.group, "")),
        (_("Status"), dict(reading.statuses).get(asked.status, "")),
        (_("Words"), asked.words),
    ]
    return [f"{asked.first} – {asked.last}", *(f"{label}: {value}" for label, value in said if value)]
