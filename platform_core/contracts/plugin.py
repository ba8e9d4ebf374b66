"""What a plugin says about itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T", str, int, bool)


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """Answer of `baton_plugin_info`. Version and dependencies come from the packaging metadata."""

    name: str
    title: str
    description: str
    package: str
    """Import package that holds models, templates, locale and migrations, e.g. `baton_plugins.activities`."""


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """A value an admin may change, named `<plugin>.name`; `default` gives its type. Read it with `read_setting`."""

    key: str
    label: str
    default: T
    help: str = ""
    choices: Sequence[tuple[T, str]] = ()
    """(value, label) pairs, where only these are possible."""
    check: Callable[[T], str] | None = None
    """Says in the admin's language what is wrong with a value, or "". Called before it is saved; raising refuses it."""
    secret: bool = False
    """A password or token: stored encrypted, never shown again, not even to the admin who typed it."""

    def __post_init__(self) -> None:
        if not isinstance(self.default, str | int):
            raise TypeError(f"the default of setting {self.key} must be a text, a whole number, or true or false")
        if self.choices and self.default not in [value for value, _label in self.choices]:
            raise ValueError(f"the default of setting {self.key} is none of its choices")
        if self.secret and self.default != "":
            raise ValueError(f"the secret setting {self.key} must have the default ''")


@dataclass(frozen=True, slots=True)
class Routes:
    """Page handlers under `path`."""

    path: str
    handlers: Sequence[Any]


@dataclass(frozen=True, slots=True)
class DictionaryEntry:
    """A row an owner wants to find in a dictionary after migration; admins edit it afterwards."""

    code: str
    label: str
    tone: str = ""
    order: int = 50
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dictionary:
    """A list of values kept by admins: statuses, grades, sources, industries."""

    name: str
    label: str
    entries: tuple[DictionaryEntry, ...] = ()
    apart: str = ""
    """Why no entry is ever made part of another; empty where that may be."""

    @classmethod
    def plain(cls, name: str, label: str, entries: Mapping[str, str], *, apart: str = "") -> Dictionary:
        """Code -> label, in the order in which they are shown."""
        places = enumerate(entries.items(), 1)
        made = tuple(DictionaryEntry(code, text, order=at * 10) for at, (code, text) in places)
        return cls(name, label, made, apart)


@dataclass(frozen=True, slots=True)
class AuditWords:
    """How lines of the audit trail that an owner writes are read aloud. Labels are lazy texts.

    actions: `owner.verb` -> what was done; fields: name in `before` and `after` -> label; dictionaries: field -> the
    dictionary its codes are of; values: field -> code -> label, for codes of no dictionary.
    """

    owner: str
    actions: Mapping[str, str]
    fields: Mapping[str, str] = field(default_factory=dict)
    dictionaries: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
