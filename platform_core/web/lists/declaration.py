"""What an entity says about its list, once.

    CUSTOMERS = ListView(
        key="customers", path="/customers", model=Customer, permission="customers.view", title=_.lazy("Customers"),
        cells="customers/_cells.html",
        columns=(Column("name", _.lazy("Customer"), (Customer.name, Customer.code), sort="name"), …),
        sorts=(Sort("updated", _.lazy("Last changed"), Customer.updated_at, descending=True), …),
        filters=(Filter("status", _.lazy("Status"), "choice", Customer.status, dictionary="customers.status"), …),
    )

`cells` is a template with one macro per column, named like it, that draws the whole cell:
`{% macro name(row, look) %}<td class="c-name">…</td>{% endmacro %}`. `row` has the columns' fields by their attribute
names; `look` is what `prepare` returned for the page.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.web.lists.changing import Changes
from platform_core.web.lists.reach import Reach

Kind = Literal["choice", "text", "date", "bool", "user", "department", "team", "number"]
Choices = Sequence[tuple[str, str]]
MOST_SORTS = 4


@dataclass(frozen=True, slots=True)
class Column:
    """A column and the mapped attributes its cell needs."""

    key: str
    label: str
    fields: tuple[Any, ...] = ()
    sort: str = ""
    """Key of the order its head offers."""
    number: bool = False
    """Aligned to the right."""
    shown: bool = True
    """As long as the user has not chosen otherwise."""
    fixed: bool = False
    """Always shown."""
    text: Callable[[Any, Mapping[str, Any]], Any] | None = None
    """(row, look) -> the value in an exported file, where it is not the first of `fields`."""
    values: Callable[[Session, Actor, Sequence[Any]], Mapping[Any, str]] | None = None
    """Of a column without a macro: the cells' texts by the rows' keys, made from the rows alone."""
    edited: str = ""
    """The field of `ListView.changes` that is changed in its cells."""

    def exported(self, row: Any, look: Mapping[str, Any]) -> Any:
        if self.text is not None:
            return self.text(row, look)
        return getattr(row, self.fields[0].key) if self.fields else None


@dataclass(frozen=True, slots=True)
class Sort:
    """An order that indexes serve: on `column` and the key, and once more behind each column of the entity's reach.

    Rows without a value come last in both directions.
    """

    key: str
    label: str
    column: Any
    descending: bool = False
    """The direction offered first."""
    has_own_index: bool = False
    """One index of its own and none behind the columns of the reach, as orders have that come and go."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Something to set conditions on."""

    key: str
    label: str
    kind: Kind
    expression: Any = None
    dictionary: str = ""
    """Dictionary of a `choice`."""
    choices: Callable[[Session, Actor], Choices] | None = None
    """(value, label) pairs where there is no dictionary: people, departments, tags."""
    among: Callable[[Sequence[Any]], ColumnElement[bool]] | None = None
    """Condition "is one of these" of a choice that is not a column, such as tags; no values mean "is any"."""
    found: Callable[[Session, Actor, Sequence[Any]], ColumnElement[bool]] | None = None
    """As `among`, of a choice whose meaning depends on what is stored or on who asks, such as groups."""
    selective: bool = False
    """Finds so few rows that the database should look for them before it cares about the order."""
    where: Callable[[str, Sequence[str], Actor], ColumnElement[bool]] | None = None
    """(operator, values, actor) -> the whole condition, where it is not a comparison of `expression`."""
    operators: tuple[str, ...] = ()
    """In place of all those of the kind."""
    narrowed: Callable[[str], ColumnElement[bool] | None] | None = None
    """Of a text on PostgreSQL: a condition that an index serves and that all rows with this text in it meet; none for
    a text that the index cannot tell. Without, the letters of the text are looked for."""

    @property
    def compared(self) -> Any:
        """The column that conditions look at, where they look at nothing else."""
        return self.expression if self.where is None and self.found is None and self.among is None else None


@dataclass(frozen=True, slots=True)
class Search:
    """What the words of the search box mean. `selective`: few rows have them, see Filter."""

    condition: ColumnElement[bool]
    selective: bool


@dataclass(frozen=True, slots=True)
class Preset:
    """A view everybody has, as a tab; conditions as in the URL, e.g. `owner:is:me`."""

    key: str
    label: str
    conditions: tuple[str, ...] = ()
    sort: str = ""


@dataclass(frozen=True, slots=True)
class BulkAction:
    """A verb on the selected rows: the form with their `ids` is posted to `url`, the answer opens in the dialog."""

    key: str
    label: str
    icon: str
    url: str
    permission: str


@dataclass(frozen=True, slots=True)
class WholeAction:
    """A verb on everything that meets the list's conditions: they are posted to `url` as `state`."""

    key: str
    label: str
    icon: str
    url: str
    permission: str


@dataclass(frozen=True, slots=True)
class RowAction:
    """An icon at the end of a row; `{id}` in `url` stands for the row's key."""

    label: str
    icon: str
    url: str
    permission: str
    among: Callable[[Any, Any, Sequence[Any]], Collection[Any] | None] | None = None
    """(session, actor, rows) -> keys of the rows that have it, asked once for a page; None is all of them."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """What an empty list says, and the one way on it offers."""

    text: str
    label: str
    url: str
    permission: str


@dataclass(frozen=True, slots=True)
class Button:
    """A link beside the title, such as import or new; the last one stands out."""

    label: str
    icon: str
    url: str
    permission: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListView:
    key: str
    path: str
    model: type[Any]
    permission: str
    title: str
    cells: str
    columns: tuple[Column, ...]
    sorts: tuple[Sort, ...]
    """The first is the default."""
    invitation: Invitation
    """Shown when there is nothing at all yet."""
    filters: tuple[Filter, ...] = ()
    presets: tuple[Preset, ...] = ()
    fields: tuple[Any, ...] = ()
    """Attributes that rows need besides those of the columns."""
    row_name: str = "name"
    """The attribute that names a row aloud."""
    search: Callable[[Session, str], Search] | None = None
    search_label: str = ""
    similar: Callable[[Session, str], Search | None] | None = None
    """What the words might have been meant for, where nobody in the list is called so; None where nobody resembles."""
    reach: Callable[[Session, Actor], Reach] | None = None
    """The actor's rows in a shape that indexes serve; of a plugin's made by `reach_through_customers`, which keeps to
    the policy. Lists without one are scoped by their policy alone."""
    prepare: Callable[[Session, Actor, Sequence[Any]], Mapping[str, Any]] | None = None
    """Everything the cells need besides the rows, in as few statements as there are kinds of it."""
    footer: Callable[[Session, Actor, Sequence[ColumnElement[bool]]], str] | None = None
    """A sentence about all rows that meet these conditions, such as totals; for lists without a reach."""
    row_actions: tuple[RowAction, ...] = ()
    bulk: tuple[BulkAction, ...] = ()
    changes: Changes | None = None
    """What may be changed of the rows, in their cells or of many at once."""
    whole: tuple[WholeAction, ...] = ()
    buttons: tuple[Button, ...] = ()
    export: str = ""
    """The right to print the rows, and to ask for them as a file; without one there is neither."""
    record: str = ""
    """Address of a row's own page, with `{id}`: from there one goes on to its neighbours in the list."""
    counted: tuple[str, ...] = ()
    """Filters by whose values the rows may be counted; each is a `choice` with a column."""
    owner: str = ""
    """Prefix of route names and of the audited action; the key if empty."""
    more: Callable[[Session, ListView], ListView] | None = None
    """What the firm has added to the view, such as own fields; asked by `present`."""
    edition: str = ""
    """Tells such a view from the declared one where statements are kept."""
    by_key: dict[str, Any] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for kind in ("columns", "sorts", "filters", "presets"):
            items = {item.key: item for item in getattr(self, kind)}
            if len(items) != len(getattr(self, kind)):
                raise ValueError(f"{self.key}: a key occurs twice in {kind}")
            self.by_key[kind] = items
        if not 1 <= sum(not sort.has_own_index for sort in self.sorts) <= MOST_SORTS:
            raise ValueError(f"{self.key}: each order costs indexes; have 1 to {MOST_SORTS}")
        for column in self.columns:
            if column.sort and column.sort not in self.by_key["sorts"]:
                raise ValueError(f"{self.key}: column {column.key} names the unknown order {column.sort}")

    @property
    def prefix(self) -> str:
        return self.owner or self.key

    def present(self, session: Session) -> ListView:
        """The view with what the firm has added to it, as of this moment."""
        return self.more(session, self) if self.more is not None and not self.edition else self

    def sort(self, key: str) -> Sort | None:
        found: Sort | None = self.by_key["sorts"].get(key)
        return found

    def filter(self, key: str) -> Filter | None:
        found: Filter | None = self.by_key["filters"].get(key)
        return found

    def selected(self) -> list[Any]:
        """All attributes a row brings along, each once."""
        wanted = [self.model.id, *self.fields, *(item for column in self.columns for item in column.fields)]
        return list({item.key: item for item in wanted}.values())


_declared: dict[str, ListView] = {}


def mounted(view: ListView) -> None:
    """There are pages of this list. Call it where they are made."""
    _declared[view.key] = view


def declared_lists() -> Mapping[str, ListView]:
    """By key; also of plugins that are off at present, whose rights nobody has then."""
    return _declared


@dataclass(frozen=True, slots=True)
class Decoration:
    """A column that a higher layer adds to somebody else's list, such as the relay's dots on customers.

    `find` gets the ids of the page and returns what it has for each; `cells` is a template with a macro named like the
    column that draws the whole cell: `{% macro relay(row, value) %}`, where `value` is None for rows without any.
    """

    owner: str
    view: str
    column: Column
    after: str
    cells: str
    find: Callable[[Session, Actor, Sequence[UUID]], Mapping[UUID, Any]]


_decorations: dict[tuple[str, str], Decoration] = {}


def decorate(decoration: Decoration) -> None:
    """Add a column to a list. Call it where the owner's plugin module is loaded."""
    _decorations[decoration.view, decoration.column.key] = decoration


def decorations(view: ListView, enabled: frozenset[str]) -> list[Decoration]:
    return [item for item in _decorations.values() if item.view == view.key and item.owner in enabled]


@dataclass(frozen=True, slots=True)
class Offer:
    """An act on many rows that a higher layer adds to somebody else's list; its address gets what `selecting` reads."""

    owner: str
    view: str
    action: BulkAction


_offers: dict[tuple[str, str], Offer] = {}


def offer(added: Offer) -> None:
    """Call it where the owner's plugin module is loaded."""
    _offers[added.view, added.action.key] = added


def offers(view: ListView, enabled: frozenset[str]) -> list[BulkAction]:
    return [item.action for item in _offers.values() if item.view == view.key and item.owner in enabled]
