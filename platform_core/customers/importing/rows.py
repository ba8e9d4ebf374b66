"""Reading one row of a table: what it says about a customer, or everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from platform_core.customers import names, points, tags
from platform_core.customers.custom import definitions
from platform_core.customers.custom.values import plain
from platform_core.customers.fields import BIRTH, GENDERS, KINDS
from platform_core.customers.importing import birthdays, own
from platform_core.customers.importing.changes import Change
from platform_core.customers.importing.columns import FURTHER, Options, Target, words
from platform_core.customers.importing.refusing import STILL_TO_COME, Refused
from platform_core.customers.models import Address, Contact, Customer
from platform_core.kernel import cells, clock, dictionaries
from platform_core.kernel.cells import EMPTY_WORDS, CellError
from platform_core.kernel.database import vault_of
from platform_core.kernel.i18n import LANGUAGES, noop, speaking, translator
from platform_core.kernel.secrets import Vault

_ = translator("customers")
_DICTIONARY_SHOWN = 12
_MAX_KEPT = 2_000
_WORDS = {
    "kind": {
        "organisation": _.lazy_pgettext("cell words", "organisation;company;business"),
        "person": _.lazy_pgettext("cell words", "person;individual;private"),
    },
    "gender": {
        "m": _.lazy_pgettext("cell words", "m;male;man;mr"),
        "f": _.lazy_pgettext("cell words", "f;female;woman;ms;mrs"),
    },
}


def _length(column: Any) -> int:
    return int(getattr(column.type, "length", None) or 10_000)


_LENGTHS = {
    **{column.name: _length(column) for column in Customer.__table__.columns},
    **dict.fromkeys(("contact_name", *(target.key for target in FURTHER)), _length(Contact.__table__.c.name)),
    "address": _length(Address.__table__.c.street),
}
_MAIL_SEPARATORS = re.compile("[;,\n\uff1b\uff0c\u3001]")
_TAG_SEPARATORS = re.compile("[;,|\n\uff1b\uff0c\u3001\uff5c]")
_CELLS = "kernel"
"""Domain of the messages of kernel.cells; all others are of this package."""
_TOO_MANY = noop("The row has more cells than the table has titles. Something has moved to the right.")
_NAMELESS = noop("The name is missing.")
_UNKNOWN = noop('"%(value)s" is not in the list. Possible are: %(values)s.')
_NOBODY = noop('Nobody of the staff is called "%(value)s", or several are.')
_EMPTY_LIST = noop('"%(value)s" is not in the list, which is empty.')
_NO_MAIL = noop("This is no mail address.")
_NO_ACCOUNT = noop("This is no account name.")
_TAG_TOO_LONG = noop("A tag has at most %(limit)s characters.")
_TOO_MANY_TAGS = noop("At most %(limit)s tags.")
CODE_TWICE = noop("Row %(row)s has the same code.")
CODE_TAKEN = noop("This code is taken.")


class Problem(msgspec.Struct, array_like=True):
    """A fault at a column (-1: the row as a whole), as msgid and parameters, to be read in any language."""

    column: int
    message: str
    parameters: dict[str, Any] = {}
    domain: str = "customers"

    @property
    def text(self) -> str:
        return (
            translator(self.domain)(self.message) % self.parameters
            if self.parameters
            else (translator(self.domain)(self.message))
        )


class Further(msgspec.Struct, array_like=True):
    """A contact beside the first one, with points of its own."""

    name: str = ""
    position: str = ""
    points: list[tuple[str, str]] = []
    born: dict[str, Any] = {}
    """Of `fields.BIRTH`"""


class Payload(msgspec.Struct):
    """What is kept of a row, encrypted.

    cells: as the file has them, as text; values: columns of Customer and `contact_name`, `address`, `tags`; points:
    (kind, text) pairs; defaults: values that the row does not say itself; change: what it would do, or has done, to a
    customer of the house; further: contacts beside the first one.
    """

    cells: list[str]
    values: dict[str, Any] = {}
    points: list[tuple[str, str]] = []
    problems: list[Problem] = []
    defaults: list[str] = []
    change: Change | None = None
    further: list[Further] = []

    @property
    def said(self) -> dict[str, Any]:
        """The values without those that are only supplied to new customers."""
        return {name: value for name, value in self.values.items() if name not in self.defaults}

    def sealed(self, vault: Vault) -> bytes:
        return vault.encrypt(msgspec.json.encode(self).decode())

    @classmethod
    def opened(cls, vault: Vault, blob: bytes) -> Payload:
        return msgspec.json.decode(vault.decrypt(blob), type=cls)


class Row(msgspec.Struct):
    """A row after reading.

    hashes, mails: lookup hashes of its phones and mail addresses; name_key: its name where names must differ.
    """

    number: int
    payload: Payload
    hashes: list[int] = []
    name_key: str = ""
    mails: list[int] = []

    @property
    def ok(self) -> bool:
        return not self.payload.problems

    def refuse(self, message: str, column: int = -1, **parameters: Any) -> None:
        self.payload.problems.append(Problem(column, message, parameters))


class Reader:
    """Reads rows by a mapping. Needs the session only to learn the dictionaries."""

    def __init__(self, session: Session, targets: Sequence[str], options: Options) -> None:
        self._vault = vault_of(session)
        known = own.targets(session)
        self._targets = [(place, known[key]) for place, key in enumerate(targets) if key in known]
        self._own = definitions.known(session).by_key
        self._own_defaults = own.defaults(session)
        self._people = own.people(session) if any(item.widget == "person" for item in self._own.values()) else {}
        self._width = len(targets)
        self._options = options
        self._dictionaries = {
            target.key: _choices(session, f"customers.{target.key}")
            for _place, target in self._targets
            if target.kind == "dictionary"
        }
        named = {item.data.dictionary for item in self._own.values()} - {""}
        self._dictionaries |= {name: _choices(session, name) for name in named}
        self._words = {"kind": _words("kind", KINDS), "gender": _words("gender", GENDERS)}
        self._parsers: dict[str, Callable[[Target, Any], Any]] = {
            "text": self._text, "name": self._text, "phone": self._phones, "email": self._mails, "wechat": self._wechat,
            "date": self._date, "birthday": self._birthday, "dictionary": self._dictionary, "kind": self._word,
            "gender": self._word, "tags": self._tags, "own": self._own_field,
        }  # fmt: skip

    def read(self, number: int, raw: Sequence[object]) -> Row:
        """All faults of the row at once."""
        said = _Said()
        problems: list[Problem] = []
        for place, target in self._targets:
            try:
                parsed = self._parsers[target.kind](target, raw[place])
            except CellError as error:
                problems.append(Problem(place, error.message_id, error.params, _CELLS))
            except Refused as error:
                problems.append(Problem(place, error.message, error.parameters))
            else:
                said.take(target, parsed)
        faulty = {problem.column for problem in problems}
        row = Row(
            number,
            Payload([cell_text(cell, is_faulty=place in faulty) for place, cell in enumerate(raw)], problems=problems),
        )
        if len(raw) > self._width:
            row.refuse(_TOO_MANY)
        row.payload.further = said.contacts()
        self._finish(row, said.values, said.held, faulty)
        for contact in row.payload.further:
            row.hashes += [points.lookup(self._vault, *point) or 0 for point in contact.points if point[0] == "phone"]
        return row

    def _finish(self, row: Row, values: dict[str, Any], held: dict[int, tuple[str, str]], faulty: set[int]) -> None:
        values.setdefault("kind", self._options.kind)
        if not values.get("name") and values.get("contact_name"):
            values |= {"name": values.pop("contact_name"), "kind": "person"}
        elif not values.get("name"):
            place = next((place for place, target in self._targets if target.key == "name"), -1)
            if place not in faulty:
                row.refuse(_NAMELESS, place)
            return
        supplied = {name: code for name, code in self._options.supplied.items() if name not in values}
        values |= supplied
        row.payload.defaults = list(supplied)
        for name, value in self._own_defaults.items():
            if name not in values:
                values[name] = value
                row.payload.defaults = [*row.payload.defaults, name]
        row.payload.values = values
        row.payload.points = list(held.values())
        row.hashes = [found for found, (kind, _text) in held.items() if kind == "phone"]
        row.mails = [found for found, (kind, _text) in held.items() if kind == "email"]
        row.name_key = name_key(values, row.hashes)

    def _text(self, target: Target, cell: object) -> str:
        text = cells.parse_text(cell, max_length=_LENGTHS[target.key])
        if target.key != "notes" and text.casefold() in EMPTY_WORDS:
            return ""
        return text if target.key == "notes" else " ".join(text.split("\n"))

    def _phones(self, target: Target, cell: object) -> dict[int, tuple[str, str]]:
        found = {}
        for number in cells.parse_phones(cell):
            text = f"{number.e164} ext {number.extension}" if number.extension else number.e164
            found[self._vault.lookup("point", number.e164)] = ("phone", text)
        return found

    def _mails(self, target: Target, cell: object) -> dict[int, tuple[str, str]]:
        parts = [part.strip() for part in _MAIL_SEPARATORS.split(_word_in(cell))]
        return dict(self._account("email", part) for part in parts if part)

    def _wechat(self, target: Target, cell: object) -> dict[int, tuple[str, str]]:
        text = _word_in(cell)
        return dict([self._account("wechat", text)]) if text else {}

    def _account(self, kind: str, text: str) -> tuple[int, tuple[str, str]]:
        found = points.account(self._vault, kind, text)
        if found is None:
            raise Refused(_NO_MAIL if kind == "email" else _NO_ACCOUNT)
        return found, (kind, text)

    def _date(self, target: Target, cell: object) -> str | None:
        day = cells.parse_date(cell)
        if day is not None and day > clock.today():
            raise Refused(STILL_TO_COME)
        return day.isoformat() if day else None

    def _birthday(self, target: Target, cell: object) -> dict[str, Any]:
        return birthdays.parse(cell)

    def _dictionary(self, target: Target, cell: object) -> str:
        text = _word_in(cell)
        return _choose(text, *self._dictionaries[target.key]) if text else ""

    def _word(self, target: Target, cell: object) -> str:
        text = _word_in(cell)
        return _choose(text, *self._words[target.key]) if text else ""

    def _tags(self, target: Target, cell: object) -> list[str]:
        found = [name for part in _TAG_SEPARATORS.split(_word_in(cell)) if (name := " ".join(part.split()))]
        if any(len(name) > tags.LONGEST for name in found):
            raise Refused(_TAG_TOO_LONG, limit=tags.LONGEST)
        if len(found) > tags.MOST:
            raise Refused(_TOO_MANY_TAGS, limit=tags.MOST)
        return found

    def _own_field(self, target: Target, cell: object) -> dict[str, Any]:
        item = self._own[own.key_of(target.key)]
        text = own.text_of(item, cell)
        if not text or item.type is None or text.casefold() in EMPTY_WORDS:
            return {}
        choices = self._dictionaries.get(item.data.dictionary, ({}, ()))
        if item.widget == "choices":
            parts = [part.strip() for part in _TAG_SEPARATORS.split(text) if part.strip()]
            chosen = {_choose(part, *choices) for part in parts}
            return {item.name: [code for code in dict.fromkeys(choices[0].values()) if code in chosen]}
        if item.widget == "choice":
            return {item.name: _choose(text, *choices)}
        if item.widget == "person":
            if text not in self._people:
                raise Refused(_NOBODY, value=text[:40])
            return {item.name: self._people[text]}
        try:
            return {own.named(item): plain(item.type.parse(text))}
        except ValueError as error:
            raise Refused("%(reason)s", reason=str(error)) from error


class _Said:
    """What the cells of a row say. Points by their hashes: one that is said twice counts once."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.held: dict[int, tuple[str, str]] = {}
        self._further: dict[int, _Said] = {}

    def take(self, target: Target, parsed: Any) -> None:
        if target.contact:
            name = target.key.rpartition(".")[2]
            self._further.setdefault(target.contact, _Said()).take(replace(target, key=name, contact=0), parsed)
        elif target.kind in {"phone", "email", "wechat"}:
            self.held.update(parsed)
        elif isinstance(parsed, dict):
            self.values.update(parsed)
        elif isinstance(parsed, list):
            self.values[target.key] = list(dict.fromkeys([*self.values.get(target.key, []), *parsed]))
        elif parsed:
            before = f"{self.values[target.key]}\n" if target.key in self.values else ""
            self.values[target.key] = before + parsed if before else parsed

    def contacts(self) -> list[Further]:
        """Further ones with a name; the points of a nameless one go to the first contact."""
        found: list[Further] = []
        known = set(self.held)
        for _number, contact in sorted(self._further.items()):
            if "name" not in contact.values:
                self.held |= contact.held
                continue
            fresh = [point for key, point in contact.held.items() if key not in known]
            known |= contact.held.keys()
            born = {name: contact.values[name] for name in BIRTH if name in contact.values}
            found.append(Further(contact.values["name"], contact.values.get("position", ""), fresh, born))
        return found


Choices = tuple[Mapping[str, str], Sequence[str]]
"""Folded text -> code, and what to name when a text is none of them."""


def _choices(session: Session, dictionary: str) -> Choices:
    """Those in use, and those that have become part of one of them."""
    entries = dictionaries.entries(session, dictionary)
    meant = {code: dictionaries.current(session, dictionary, code) for code in entries}
    found = [entry for entry in entries.values() if entries[meant[entry.code]].active]
    known = {names.norm(entry.label): meant[entry.code] for entry in found} | {
        entry.code.casefold(): meant[entry.code] for entry in found
    }
    return known, [entry.label for entry in found if entry.active]


def _words(name: str, labels: Mapping[str, str]) -> Choices:
    """The labels and words of all languages mean their code."""
    known = {code: code for code in labels}
    for language in LANGUAGES:
        with speaking(language):
            for code, label in labels.items():
                known |= dict.fromkeys(map(names.norm, [str(label), *words(str(_WORDS[name][code]))]), code)
    return known, [str(label) for label in labels.values()]


def _choose(text: str, known: Mapping[str, str], labels: Sequence[str]) -> str:
    code = known.get(text.casefold()) or known.get(names.norm(text))
    if code is None:
        shown = ", ".join(labels[:_DICTIONARY_SHOWN]) + (" \u2026" if len(labels) > _DICTIONARY_SHOWN else "")
        raise Refused(_UNKNOWN if labels else _EMPTY_LIST, value=text[:40], **({"values": shown} if labels else {}))
    return code


def _word_in(cell: object) -> str:
    """Text without what people write into empty cells."""
    text = cells.parse_text(cell)
    return "" if text.casefold() in EMPTY_WORDS else text


def name_key(values: Mapping[str, Any], hashes: Sequence[int]) -> str:
    """Empty where an equal name means nothing: two people may share one, and their numbers tell them apart."""
    norm = names.norm(values["name"])
    if len(norm) < 2 or (values["kind"] == "person" and hashes):
        return ""
    return f"{values['kind']}:{norm}"


def cell_text(cell: object, *, is_faulty: bool = False) -> str:
    """The cell as text. A number that lost its digits keeps looking like one, so that it is refused again."""
    if is_faulty and isinstance(cell, float) and abs(cell) >= 10**9:
        return f"{cell:G}"
    try:
        return cells.parse_text(cell)[:_MAX_KEPT]
    except CellError:
        return str(cell)[:_MAX_KEPT]
