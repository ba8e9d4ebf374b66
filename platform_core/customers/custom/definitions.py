"""What fields of its own the firm has given to customers.

A definition is an entry of the dictionary `customers.fields`: its code is the field's key, and what else it says lies
in the entry's data. So definitions come with the dictionaries that every process holds anyway, and no page pays a
statement for them (docs/decisions/0015).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import Boolean, Date, Integer, Numeric
from sqlalchemy.orm import Session

from platform_core.contracts.fields import FieldType
from platform_core.kernel import dictionaries
from platform_core.kernel.declared import declared
from platform_core.kernel.dictionaries import Entry

DICTIONARY = "customers.fields"
PREFIX = "custom."
"""Before the key wherever own fields stand among built-in ones: forms, conditions, columns, audit, imports."""
OWN_LIST = "customers.field."
"""Dictionaries that belong to one field: this and its key."""
CHOOSING = frozenset({"choice", "choices"})
UNINDEXED = frozenset({"textarea", "choices"})
"""Widgets whose values no ordered index serves."""


class Data(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What an entry of the dictionary brings along. `default` as a form says it."""

    type: str = "web.text"
    group: str = ""
    help: str = ""
    required: bool = False
    default: str = ""
    dictionary: str = ""
    classifications: tuple[str, ...] = ()
    """Codes; none are all customers."""
    sensitive: bool = False
    """Shown as a mask; the clear value is encrypted and revealed one at a time."""
    filterable: bool = False
    """Has an index: lists offer conditions on it and, where it has an order, a sort."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field as this process knows it. `type` is none while the plugin that brings it is not installed."""

    key: str
    label: str
    active: bool
    data: Data
    type: FieldType | None

    @property
    def name(self) -> str:
        return PREFIX + self.key

    @property
    def widget(self) -> str:
        return self.type.widget if self.type else "text"

    @property
    def is_number(self) -> bool:
        return self.type is not None and isinstance(self.type.column, Numeric | Integer)

    @property
    def is_date(self) -> bool:
        return self.type is not None and isinstance(self.type.column, Date)

    @property
    def is_bool(self) -> bool:
        return self.type is not None and isinstance(self.type.column, Boolean)

    @property
    def is_usable(self) -> bool:
        """Whether it can be filled in."""
        return self.active and self.type is not None

    @property
    def is_found(self) -> bool:
        """Whether lists offer conditions on it."""
        return self.active and self.data.filterable and self.type is not None

    @property
    def has_order(self) -> bool:
        return self.is_found and (self.is_number or self.is_date)

    def fits(self, classification: str) -> bool:
        return not self.data.classifications or classification in self.data.classifications


@dataclass(frozen=True, slots=True)
class Known:
    """All definitions in their order. `kept` is for what is made of them once: it goes when one of them changes."""

    fields: tuple[Field, ...] = ()
    by_key: Mapping[str, Field] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)


_NONE = Known()
_MOST_KEPT = 16
_made: dict[int, tuple[Mapping[str, Entry], Known]] = {}
"""By the identity of the entries they were made of: the cache of dictionaries replaces these when one has changed."""


def known(session: Session) -> Known:
    entries = dictionaries.entries(session, DICTIONARY)
    if not entries:
        return _NONE
    held = _made.get(id(entries))
    if held is not None and held[0] is entries:
        return held[1]
    types = {item.key: item for item in declared(session, FieldType, installed=True)}
    fields = tuple(_field(entry, types) for entry in entries.values())
    made = Known(fields, {item.key: item for item in fields})
    if len(_made) >= _MOST_KEPT:
        _made.clear()
    _made[id(entries)] = (entries, made)
    return made


def _field(entry: Entry, types: Mapping[str, FieldType]) -> Field:
    data = msgspec.convert(entry.data, Data)
    return Field(entry.code, entry.label, entry.active, data, types.get(data.type))


def named(session: Session, name: str) -> Field | None:
    """The field that `custom.<key>` stands for, if it does."""
    return known(session).by_key.get(name.removeprefix(PREFIX)) if name.startswith(PREFIX) else None


def usable(session: Session, classification: str) -> list[Field]:
    """What can be filled in for a customer of this classification."""
    return [item for item in known(session).fields if item.is_usable and item.fits(classification)]


def grouped(fields: list[Field]) -> list[tuple[str, list[Field]]]:
    """By the groups' titles, in the order of each group's first field; "" is no group."""
    found: dict[str, list[Field]] = {}
    for item in fields:
        found.setdefault(item.data.group, []).append(item)
    return list(found.items())
