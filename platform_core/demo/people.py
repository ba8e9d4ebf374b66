"""Customers as they are written down: names, contacts, numbers, the fields of the record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from random import Random
from typing import Any
from uuid import UUID

from pypinyin import Style, lazy_pinyin

from platform_core.customers import names, points
from platform_core.demo import tables
from platform_core.demo.ids import Ids
from platform_core.demo.tables import Person, Place, pick, spread
from platform_core.kernel import phones
from platform_core.kernel.clock import local
from platform_core.kernel.secrets import Vault

Row = dict[str, Any]
_GRADES = spread({"A": 12, "B": 33, "C": 40, "": 15})
_SOURCES = spread({"web": 20, "referral": 18, "exhibition": 10, "advertisement": 8, "call_in": 7, "cold_call": 17,
                   "import": 20})  # fmt: skip
_SIZES = spread({"to20": 25, "to100": 35, "to500": 25, "to2000": 10, "more": 5})
_NATURES = spread({"private": 70, "state": 8, "foreign": 7, "joint": 5, "listed": 5, "institution": 5})
_WORK = spread({"employed": 70, "self_employed": 20, "looking": 5, "studying": 3, "retired": 2})
_EDUCATION = spread({"college": 30, "bachelor": 50, "master": 15, "secondary": 5})
_HAD_BUSINESS = frozenset({"signed", "delivering", "in_service"})
_INVENTED = "13900000000"
_SCATTER = 7919
"""Odd and no multiple of five, so that consecutive customers get numbers far apart and none twice."""


@dataclass(slots=True)
class Contact:
    id: UUID
    person: Person
    title: str
    division: str


@dataclass(slots=True)
class Identity:
    """Who a customer is: the fields of the record, contacts, contact points."""

    id: UUID
    created: datetime
    fields: Row
    place: Place
    contacts: list[Contact] = field(default_factory=list)
    points: list[Row] = field(default_factory=list)
    surname: str = ""
    """Of a person."""

    @property
    def contact(self) -> Contact | None:
        return self.contacts[0] if self.contacts else None


def pinyin(text: str) -> str:
    """As people spell it in addresses."""
    return "".join(map(_syllable, text))


@cache  # one character each: the tables have a few hundred
def _syllable(char: str) -> str:
    return "".join(lazy_pinyin(char, style=Style.NORMAL)).replace("\u00fc", "v")


@cache
def _local_format(area: str) -> str:
    """How a fixed line of the area is written, `{}` being its last four digits; "" where numbers are unknown."""
    for pattern in (f"{area}-5555{{:04}}", f"{area}-555{{:04}}"):
        if phones.normalise(pattern.format(1234)):
            return pattern
    return ""


class Registry:
    """Invents identities; equal generators invent equal ones, apart from how numbers are encrypted."""

    def __init__(self, random: Random, new: Ids, vault: Vault, *, is_small: bool) -> None:
        self._random = random
        self._new = new
        self._vault = vault
        self._range = 10_000 if is_small else 1_000_000
        self._names = tables.Names()
        stories = tables.load("stories")
        self._notes, self._intents, self._address = stories["notes"], stories["intents"], stories["address"]
        self._streets, self._street = stories["streets"]["names"], stories["streets"]["pattern"]

    def invent(self, number: int, created: datetime) -> Identity:
        random = self._random
        made = self._person(created) if random.random() < 0.22 else self._company(created)
        fields = made.fields
        fields |= {"source": pick(random, _SOURCES), "grade": pick(random, _GRADES)}
        fields |= {"notes": pick(random, self._notes), "intent": pick(random, self._intents)}
        holder = made.contact.id if made.contact else None
        self.add_point(made, "mobile", self.mobile(number), holder)
        local_format = _local_format(made.place.area)
        if local_format and made.contacts and random.random() < 0.15:
            self.add_point(made, "phone", local_format.format(number * _SCATTER % 10_000), None)
        if random.random() < 0.3:
            name = made.contact.person.name if made.contact else fields["name"]
            domain = pinyin(fields["short_name"] or made.surname)
            self.add_point(made, "email", f"{pinyin(name)}{number % 100}@{domain}.example", holder)
        if len(made.contacts) > 1:
            self.add_point(made, "mobile", self.mobile(number + self._range // 2), made.contacts[1].id)
        return made

    def mobile(self, number: int) -> str:
        """From a range that stands for invented numbers: 1390000xxxx, of a large demo 13900xxxxxx.

        Second contacts have the other half of it.
        """
        digits = len(str(self._range - 1))
        return f"{_INVENTED[:-digits]}{number * _SCATTER % self._range:0{digits}}"

    def address(self, made: Identity) -> str:
        """How the house speaks of the person it talks to."""
        words: dict[str, str] = self._address
        contact = made.contact
        if contact is None:
            return made.surname + words[made.fields["gender"] or "m"]
        for word in (words["total"], words["manager"]):
            if word in contact.title:
                return contact.person.surname + word
        return contact.person.surname + words[contact.person.gender]

    def street(self, random: Random) -> str:
        found: str = self._street.format(
            street=pick(random, self._streets),
            number=1 + int(random.random() * 998),
            floor=1 + int(random.random() * 28),
        )
        return found

    def add_point(self, made: Identity, kind: str, text: str, contact_id: UUID | None) -> None:
        values = points.bulk_values(self._vault, kind, text)
        first = not made.points
        made.points.append(
            {"id": self._new.at(made.created), "customer_id": made.id, "contact_id": contact_id, **values,
             "is_primary": first, "created_at": made.created}
        )  # fmt: skip

    def _company(self, created: datetime) -> Identity:
        random = self._random
        company = self._names.company(random)
        fields = {
            "kind": "organisation",
            "name": company.name,
            "short_name": company.short_name,
            "industry": company.industry,
            "size": pick(random, _SIZES),
            "nature": pick(random, _NATURES),
            "website": f"https://www.{pinyin(company.short_name)}.example" if random.random() < 0.3 else "",
            "legal_person": self._names.person(random).name if random.random() < 0.25 else "",
            "gender": "",
            "birth_year": None,
            "birth_month": None,
            "birth_day": None,
            "birth_lunar": False,
            "work_status": "",
            "position": "",
            "education": "",
        }
        made = Identity(self._new.at(created), created, fields, company.place)
        for _number in range(2 if random.random() < 0.25 else 1):
            made.contacts.append(
                Contact(self._new.at(created), self._names.person(random), pick(random, self._names.titles),
                        pick(random, self._names.divisions))
            )  # fmt: skip
        return made

    def _person(self, created: datetime) -> Identity:
        random = self._random
        person = self._names.person(random)
        fields = {
            "kind": "person",
            "name": person.name,
            "short_name": "",
            "industry": "",
            "size": "",
            "nature": "",
            "website": "",
            "legal_person": "",
            "gender": person.gender,
            "birth_year": 1960 + int(random.random() * 42),
            "birth_month": 1 + int(random.random() * 12),
            "birth_day": 1 + int(random.random() * 28),
            "birth_lunar": random.random() < 0.3,
            "work_status": pick(random, _WORK),
            "position": pick(random, self._names.titles),
            "education": pick(random, _EDUCATION),
        }
        return Identity(self._new.at(created), created, fields, self._names.place(random), surname=person.surname)


def customer_row(made: Identity, code: str, status: str, **more: Any) -> Row:
    """The record's row. `more` holds owner, department and what came of the plot."""
    fields = made.fields
    main = made.points[0] if made.points else None
    return {
        "id": made.id,
        **fields,
        **names.keys(fields["name"]),
        "code": code,
        "classification": "existing" if status in _HAD_BUSINESS else "potential",
        "status": status,
        "region": made.place.region,
        "city": made.place.city,
        "contact_name": made.contact.person.name if made.contact else "",
        "phone_mask": main["mask"] if main else "",
        "phone_point_id": main["id"] if main else None,
        "created_at": made.created,
        "collected_on": local(made.created).date(),
        **more,
    }


def _birthday(contact_id: UUID) -> Row:
    """Of one contact in three, out of its key: nothing else of the house is drawn differently for it."""
    drawn = contact_id.int & 0xFFFFFF
    known = drawn % 3 == 0
    return {
        "birth_year": None,
        "birth_month": 1 + drawn // 3 % 12 if known else None,
        "birth_day": 1 + drawn // 36 % 28 if known else None,
        "birth_lunar": known and drawn // 1008 % 4 == 0,
    }


def contact_rows(made: Identity, owner_id: UUID | None, department_id: UUID | None) -> Iterator[Row]:
    for place, contact in enumerate(made.contacts):
        yield {
            "id": contact.id,
            "customer_id": made.id,
            "owner_id": owner_id,
            "department_id": department_id,
            "name": contact.person.name,
            "name_key": names.keys(contact.person.name)["name_key"][:120],
            "title": contact.title,
            "division": contact.division,
            "gender": contact.person.gender,
            **_birthday(contact.id),
            "is_primary": place == 0,
            "created_at": made.created,
            "updated_at": made.created,
        }
