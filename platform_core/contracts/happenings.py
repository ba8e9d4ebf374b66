"""What happened and what is planned, of all customers at once: each plugin brings its rows to one list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from platform_core.contracts.identity import Actor
from platform_core.contracts.pages import Tone


@dataclass(frozen=True, slots=True)
class HappeningKind:
    """What a row is, in the plural, as the list's condition says it."""

    key: str
    """`<plugin>.name`"""
    label: str
    icon: str = "notes"
    where: Any = None
    """Which of its source's rows are of this kind; None: all."""


@dataclass(frozen=True, slots=True)
class Happening:
    """How one row reads. `url` leads to its record."""

    kind: str
    title: str
    url: str
    who: str = ""
    contact: str = ""
    text: str = ""
    status: str = ""
    tone: Tone = ""
    all_day: bool = False
    """The time of day says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HappeningSource:
    """Rows of one class, by the time at which each stands in the list.

    The platform writes the statement: with the class's scope policy, the conditions of the page, and a keyset over
    (`at`, `id`), for which there has to be an index. The class has `id` and `customer_id`. A row
    of two sources stands at two moments.
    """

    key: str
    """`<plugin>.name`"""
    permission: str
    model: type[Any]
    at: Any
    """A mapped column; where it may be empty, `kept` says that it is not."""
    kinds: tuple[HappeningKind, ...]
    fields: tuple[Any, ...]
    """Columns that `show` needs besides `id`, `customer_id` and `at`; also labelled subqueries of one value."""
    show: Callable[[Any, Actor, Sequence[Any]], Sequence[Happening]]
    """(session, actor, rows) -> one for each row, in their order; in as few statements as there are kinds of names."""
    person: Any = None
    """Column of whoever did it or is to do it; None: nobody of the house."""
    contact: Any = None
    """Column of the contact it was with; None: rows are never about one contact."""
    state: Any = None
    states: Mapping[str, str] = field(default_factory=dict)
    """Of `state`: code -> word"""
    texts: tuple[Any, ...] = ()
    """Columns in which words are looked for; what is encrypted cannot be."""
    kept: Any = None
    """Holds for every row that belongs here."""
    reach: Callable[[Any, Actor], Any] | None = None
    """The actor's rows as a list's reach; left out, those of their customers."""

    def __post_init__(self) -> None:
        if self.at.nullable and self.kept is None:
            raise ValueError(f"source {self.key}: {self.at.key} may be empty, so it is no place in a list")
        if not self.kinds:
            raise ValueError(f"source {self.key} names no kind of row")
