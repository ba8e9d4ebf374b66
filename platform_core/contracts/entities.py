"""Entities, references to them, and what the core must know about each to guard, merge and erase it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement

from platform_core.contracts.identity import Actor


@dataclass(frozen=True, slots=True)
class EntityRef:
    """A link to any row of any owner that survives the owner's absence: `customers/customer/<id>`."""

    owner: str
    kind: str
    id: UUID
    label: str = ""


class ScopePolicy(Protocol):
    """Which rows of an entity an actor may read.

    With `by_kind = True` on its class, a policy is asked once for all actors with the same rights, for a stand-in
    whose ids are parameters of the statement (kernel.readers). It may then look at grants, and compare columns with
    `user_id` and, by `among()`, with sets of ids; nothing else of the actor, and no clock but `this_moment()`.

    With `delegable = True` it is also asked for each colleague who has lent the actor rights, who then has only these:
    so it has to answer "no rows" to whoever lacks the right to view.
    """

    def predicate(self, actor: Actor) -> ColumnElement[bool] | None:
        """SQL over the entity's mapped columns; None means every row."""


@dataclass(frozen=True, slots=True)
class Entity:
    """A mapped class and its scope policy.

    `policy=None` needs a `reason`: the rows are configuration, not about people.
    """

    model: type[Any]
    policy: ScopePolicy | None
    reason: str = ""

    def __post_init__(self) -> None:
        if self.policy is None and not self.reason:
            message = f"{self.model.__name__} has neither a scope policy nor a reason to have none"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class PastLine:
    """How a row reads on a customer's timeline when its owner's code is gone: names of columns of the row's table.

    `verb` says what was done, the same for all rows. Shown to holders of `permission`, within its scope. A table
    with a column `engagement_id` is shown within the relay's scope as well.
    """

    verb: str
    at: str
    permission: str
    who: str = ""
    department: str = ""
    text: str = ""
    icon: str = "notes"


@dataclass(frozen=True, slots=True)
class CustomerReference:
    """A column that points to a customer. Merge and erase walk all of them, also those of absent plugins."""

    model: type[Any]
    column: str
    on_erase: Literal["keep", "delete", "clear"] = "keep"
    """`keep` (the row stays, its person is gone), `delete`, or `clear` (set null)."""
    on_merge: Literal["move", "drop", "stay"] = "move"
    """`move` (to the record that is kept), `drop` (what is derived and made anew), or `stay` (what concerns the record
    as it was, not the customer)."""
    label: str = ""
    """What the rows are, for previews: `Plans`. Without it the table's name is shown."""
    blank: tuple[str, ...] = ()
    """Columns that speak of the person; emptied when the row is kept."""
    rename: tuple[str, ...] = ()
    """Columns that name the row and cannot be empty; they get the erased customer's code."""
    line: PastLine | None = None
    contact: str = ""
    """Where rows without a customer note a contact that stands alone: they get its customer when it is attached, and
    go with it when it is erased."""

    def __post_init__(self) -> None:
        named = (self.column, *self.blank, *self.rename, *([self.contact] if self.contact else ()))
        table = self.model.__table__
        unknown = [name for name in named if name not in table.columns]
        if unknown:
            message = f"{table.name} has no column {', '.join(unknown)}"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Passed:
    """Rows of one reference that have just passed from one person to another."""

    ids: Sequence[UUID]
    from_id: UUID | None
    to_id: UUID


@dataclass(frozen=True, slots=True)
class UserReference:
    """A column that points to a person, and what becomes of its rows when others take over what the person holds.

    Transfers of customers and leaving walk all of them, also those of absent plugins.
    """

    model: type[Any]
    column: str
    on_leave: Literal["move", "end", "keep"] = "keep"
    """`move` (work that somebody has to have), `end` (what the person may do; `ends` becomes the present moment), or
    `keep` (says who did something)."""
    label: str = ""
    """What the rows are, for previews: `Plans`. Without it the table's name is shown."""
    held: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Column -> values of the rows that are still to be worked on; none are all rows."""
    customer: str = ""
    """Column that points to a customer: the rows pass along with the customer."""
    engagement: str = ""
    """Column with the id of an engagement: rows only pass along to somebody who has a part in it. Rows that pass
    `within` a department bring that part."""
    within: str = ""
    """Column with the department that whoever takes over has to work in; the rows stay where that does not fit."""
    right: str = ""
    """The permission that whoever takes over has to hold; rows do not pass along to others."""
    department: str = ""
    """Column that follows: the receiver's department."""
    person_label: str = ""
    """Column that follows: the receiver's name."""
    department_label: str = ""
    """Column that follows: the name of the receiver's department."""
    ends: str = ""
    """Of `end`: the column with the moment at which it is over."""
    follow: Callable[[Any, Actor, Passed], None] | None = None
    """(session, actor, rows) in the same transaction, once rows have passed: bring along what hangs on them."""

    def __post_init__(self) -> None:
        named = (self.column, *self.held, *(getattr(self, name) for name in _NAMED if getattr(self, name)))
        table = self.model.__table__
        unknown = [name for name in named if name not in table.columns]
        if unknown or (self.on_leave == "end") != bool(self.ends):
            message = f"{table.name} has no column {', '.join(unknown) or 'with the moment at which it ends'}"
            raise ValueError(message)


_NAMED = ("customer", "engagement", "within", "department", "person_label", "department_label", "ends")


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A line of the palette or of a search page."""

    label: str
    detail: str
    url: str
    icon: str = "building-skyscraper"


@dataclass(frozen=True, slots=True)
class SearchSource:
    """Where the palette and the search page look besides customers."""

    key: str
    label: str
    permission: str
    find: Callable[[Any, Actor, str, int], list[SearchHit]]
    """(session, actor, query, limit) -> hits"""
