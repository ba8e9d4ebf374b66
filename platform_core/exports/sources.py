"""What can be taken along: lists and reports behind one shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator

_ = translator("exports")


@dataclass(frozen=True, slots=True)
class Choice:
    """A column; `chosen` as the asking person sees the page."""

    key: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of plain values. `cut`: there are more. `customers`: those the rows are about, each once."""

    titles: Sequence[str]
    rows: Sequence[Sequence[Any]]
    customers: Sequence[UUID]
    cut: bool = False


class Source(Protocol):
    """Rows that somebody sees on a page. Everything is read with the rights and through the session that are given."""

    @property
    def key(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def url(self) -> str:
        """Address of the page."""

    @property
    def most(self) -> int:
        """Rows that a file may have."""

    def allowed(self, actor: Actor) -> bool:
        """Whether the actor may see the rows and ask to take them along."""

    def query(self, session: Session, actor: Actor, query: str) -> str:
        """The conditions in their plain form. Raises Invalid."""

    def conditions(self, session: Session, actor: Actor, query: str) -> list[str]:
        """The same in words."""

    def columns(self, session: Session, actor: Actor) -> list[Choice]: ...

    def count(self, session: Session, actor: Actor, query: str) -> int:
        """Rows, at most `most` + 1."""

    def read(self, session: Session, actor: Actor, query: str, columns: Sequence[str], most: int) -> Table: ...

    def beyond(self, session: Session, actor: Actor, query: str, approver: Actor) -> bool:
        """Whether there are rows of the actor that the approver does not see."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of very many. `after`: where the next part begins, "" behind the last row."""

    rows: Sequence[Sequence[Any]]
    customers: Sequence[UUID]
    after: str


@runtime_checkable
class Sliced(Protocol):
    """A source of very many rows, each part of which is read, audited and kept in a transaction of its own."""

    def titles(self, session: Session, columns: Sequence[str]) -> list[str]: ...

    def part(self, session: Session, actor: Actor, query: str, columns: Sequence[str], after: str) -> Part: ...


@dataclass(frozen=True, slots=True)
class Package:
    """A whole file. `rows`: what it holds; `customers`: whom it is about."""

    content: bytes
    rows: int
    customers: Sequence[UUID]


@runtime_checkable
class Packaged(Protocol):
    """A source that is no table: it makes its file (a zip) by itself."""

    def asked(self, session: Session, actor: Actor, request: Any) -> None:
        """Somebody has asked for it, in the same transaction."""

    def package(self, session: Session, mark: str) -> Package:
        """`mark` says whose file it is; it has to stand where everybody sees it."""


Finder = Callable[[Session, str], Source | None]
_kinds: dict[str, Finder] = {}


def register(kind: str, find: Finder) -> None:
    """`find` gets the part of a key behind `kind:`."""
    _kinds[kind] = find


def find(session: Session, actor: Actor, key: str) -> Source:
    """Raises NotFound for what is not there, or not the actor's to take along: nobody learns which."""
    kind, _colon, name = key.partition(":")
    source = _kinds[kind](session, name) if kind in _kinds else None
    if source is None or not source.allowed(actor):
        raise NotFound(_("There is nothing of this name that you may take along."))
    return source
