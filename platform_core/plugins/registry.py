"""What the loaded plugins declared, each declaration with its owner; switched-off owners are filtered on reading."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class DeclarationError(ValueError):
    """A plugin declares something that clashes, is misnamed or is incomplete; `place` says in which file and line."""

    def __init__(self, message: str, place: str = "") -> None:
        super().__init__(message)
        self.place = place
        self.hook = ""
        """The declare hook that said it."""


@dataclass(frozen=True, slots=True)
class Owned(Generic[T]):
    owner: str
    value: T


class Registry(Generic[T]):
    """Declarations of one kind, by key. Registering a key twice is an error that names both owners."""

    def __init__(self, kind: str, key: Callable[[T], str], enabled: Callable[[], frozenset[str]]) -> None:
        self._kind = kind
        self._key = key
        self._enabled = enabled
        self._items: dict[str, Owned[T]] = {}

    def check(self, owner: str, values: Sequence[T]) -> None:
        """Raise DeclarationError if these cannot be added."""
        seen: set[str] = set()
        for value in values:
            key = self._key(value)
            if key in seen:
                message = f"{self._kind} {key} is declared twice"
                raise DeclarationError(message)
            seen.add(key)
            if key in self._items and self._items[key].owner != owner:
                message = f"{self._kind} {key} already belongs to {self._items[key].owner}"
                raise DeclarationError(message)

    def add(self, owner: str, values: Sequence[T]) -> None:
        self.check(owner, values)
        for value in values:
            self._items[self._key(value)] = Owned(owner, value)

    def drop(self, owner: str) -> None:
        self._items = {key: item for key, item in self._items.items() if item.owner != owner}

    def find(self, key: str) -> Owned[T] | None:
        """The declaration with its owner, unless that is switched off."""
        item = self._items.get(key)
        return item if item and item.owner in self._enabled() else None

    def get(self, key: str) -> T | None:
        item = self.find(key)
        return item.value if item else None

    def __iter__(self) -> Iterator[T]:
        return iter([item.value for item in self.owned()])

    def owned(self) -> list[Owned[T]]:
        enabled = self._enabled()
        return [item for item in self._items.values() if item.owner in enabled]

    def installed(self) -> list[Owned[T]]:
        """Everything, also of owners that are switched off: for permission pages, merge and erase."""
        return list(self._items.values())

    def owner_of(self, key: str) -> str | None:
        item = self._items.get(key)
        return item.owner if item else None


Anything = Registry[Any]
