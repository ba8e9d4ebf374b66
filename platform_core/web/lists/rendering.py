"""What the templates of a list need: chips, tabs, heads, rows, page links."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.plugins.hooks import Hooks
from platform_core.web import rowtemplates
from platform_core.web.lists import conditions
from platform_core.web.lists.declaration import (
    BulkAction,
    Button,
    Column,
    Decoration,
    ListView,
    Preset,
    RowAction,
    WholeAction,
    decorations,
)
from platform_core.web.lists.ordering import Page
from platform_core.web.lists.reading import Count
from platform_core.web.lists.state import ListState, signed

Placed = tuple[Column, Decoration | None]


@dataclass(frozen=True, slots=True)
class Shown:
    """A page that was read."""

    state: ListState
    page: Page
    count: Count
    footer: str = ""


@dataclass(frozen=True, slots=True)
class Chip:
    """A condition above the list; `edit_url` opens it in the dialog."""

    label: str
    operator: str
    value: str
    edit_url: str
    remove_url: str


@dataclass(frozen=True, slots=True)
class Tab:
    label: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Drawn:
    """A shown column: where its macro is, and for a decoration the values by row."""

    key: str
    label: str
    number: bool
    cells: str
    sort_url: str = ""
    sorted: str = ""
    """ascending, descending or nothing"""
    values: Mapping[Any, Any] | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """The context `list` of web/lists/page.html."""

    view: ListView
    state: ListState
    page: Page
    count: Count
    columns: tuple[Drawn, ...]
    look: Mapping[str, Any]
    chips: tuple[Chip, ...]
    tabs: tuple[Tab, ...]
    row_actions: tuple[tuple[RowAction, Collection[Any] | None], ...]
    """With the keys of the rows that have them; None is all."""
    bulk: tuple[BulkAction, ...]
    whole: tuple[WholeAction, ...]
    buttons: tuple[Button, ...]
    footer: str
    may_export: bool
    invited: bool
    """The actor may follow the view's invitation."""

    @property
    def rows_template(self) -> str:
        keys = [column.key if column.values is None else f"+{column.key}={column.cells}" for column in self.columns]
        return rowtemplates.name_of(self.view.cells, keys)

    @property
    def named_rows(self) -> Iterator[tuple[Any, str]]:
        """The rows, each with what the labels of its controls call it."""
        name = attrgetter(self.view.row_name)
        return ((row, name(row)) for row in self.page.rows)

    @property
    def previous_url(self) -> str:
        return self.state.turned_to(before=self.page.before).url() if self.page.before else ""

    @property
    def next_url(self) -> str:
        return self.state.turned_to(after=self.page.after).url() if self.page.after else ""

    @property
    def last(self) -> int:
        return self.page.first + len(self.page.rows) - 1

    @property
    def is_new(self) -> bool:
        """There is nothing to list at all, as opposed to nothing that meets the conditions."""
        return self.state.is_plain and not self.page.rows

    @property
    def plain_url(self) -> str:
        return self.view.path

    @property
    def query(self) -> str:
        """The state as dialogs carry it along."""
        return urlencode(self.state.turned_to().pairs())

    @property
    def joint_url(self) -> str:
        """The same conditions, joined the other way."""
        return self.state.with_conditions(self.state.conditions, any_of=not self.state.any_of).url()

    def dialog_url(self, name: str) -> str:
        query = self.query
        return f"{self.view.path}/{name}?{query}" if query else f"{self.view.path}/{name}"


def listing(session: Session, actor: Actor, hooks: Hooks, shown: Shown, chosen: Sequence[str]) -> Listing:
    """Everything the page needs, for the rows that were read and the columns the user has chosen."""
    view = shown.state.view
    columns = shown_columns(view, decorations(view, hooks.active()), chosen)
    return Listing(
        view=view,
        state=shown.state,
        page=shown.page,
        count=shown.count,
        footer=shown.footer,
        columns=tuple(_drawn(session, actor, hooks, shown, placed) for placed in columns),
        look=view.prepare(session, actor, shown.page.rows) if view.prepare else {},
        chips=tuple(_chips(session, actor, shown.state)),
        tabs=tuple(_tabs(shown.state)),
        row_actions=tuple(
            (item, item.among(session, actor, shown.page.rows) if item.among and shown.page.rows else None)
            for item in view.row_actions
            if actor.may_enter(item.permission)
        ),
        bulk=tuple(item for item in view.bulk if actor.may_enter(item.permission)),
        whole=tuple(item for item in view.whole if actor.may_enter(item.permission)),
        buttons=tuple(item for item in view.buttons if actor.may_enter(item.permission)),
        may_export=bool(view.export) and actor.may_enter(view.export),
        invited=actor.may_enter(view.invitation.permission),
    )


def all_columns(view: ListView, added: Sequence[Decoration]) -> list[Placed]:
    """The view's columns with the decorations in their places."""
    found: list[Placed] = [(column, None) for column in view.columns]
    for decoration in added:
        keys = [column.key for column, _made in found]
        at = keys.index(decoration.after) + 1 if decoration.after in keys else len(found)
        found.insert(at, (decoration.column, decoration))
    return found


def shown_columns(view: ListView, added: Sequence[Decoration], chosen: Sequence[str]) -> list[Placed]:
    """The chosen columns, or those shown as long as nobody has chosen."""
    wanted = set(chosen)
    return [
        (column, decoration)
        for column, decoration in all_columns(view, added)
        if column.fixed or (column.key in wanted if wanted else column.shown)
    ]


def _drawn(session: Session, actor: Actor, hooks: Hooks, shown: Shown, placed: Placed) -> Drawn:
    column, decoration = placed
    if decoration is not None:
        ids = [row.id for row in shown.page.rows]
        find: Callable[[], Mapping[Any, Any]] = partial(decoration.find, session, actor, ids)
        values = hooks.guarded(decoration.owner, f"column {column.key}", find, session) if ids else {}
        return Drawn(column.key, str(column.label), column.number, decoration.cells, values=values or {})
    view, (sort, descending) = shown.state.view, shown.state.order
    declared = view.sort(column.sort) if column.sort else None
    if declared is None:
        return Drawn(column.key, str(column.label), column.number, view.cells)
    current = declared == sort
    turned = not descending if current else declared.descending
    return Drawn(
        column.key,
        str(column.label),
        column.number,
        view.cells,
        sort_url=shown.state.with_sort(signed(declared, descending=turned)).url(),
        sorted=("descending" if descending else "ascending") if current else "",
    )


def _chips(session: Session, actor: Actor, state: ListState) -> list[Chip]:
    found: list[Chip] = []
    query = urlencode(state.turned_to().pairs())
    for at, condition in enumerate(state.conditions):
        declared = state.view.by_key["filters"][condition.filter]
        operator, value = conditions.describe(session, actor, declared, condition)
        others = [item for index, item in enumerate(state.conditions) if index != at]
        found.append(
            Chip(
                label=str(declared.label),
                operator=operator,
                value=value,
                edit_url=f"{state.view.path}/conditions?{query}&edit={at}",
                remove_url=state.with_conditions(others).url(),
            )
        )
    return found


def _tabs(state: ListState) -> list[Tab]:
    current = state.preset
    return [Tab(str(item.label), _preset_url(state.view, item), item == current) for item in state.view.presets]


def _preset_url(view: ListView, preset: Preset) -> str:
    return view.path if preset == view.presets[0] else f"{view.path}?view={preset.key}"
