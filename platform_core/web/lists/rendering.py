"""What the templates of a list need: chips, tabs, heads, rows, page links."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from operator import attrgetter
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.kernel.i18n import translator
from platform_core.plugins.hooks import Hooks
from platform_core.web import rowtemplates
from platform_core.web.lists import changing, conditions, saved
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
    offers,
)
from platform_core.web.lists.ordering import Page
from platform_core.web.lists.reading import Count
from platform_core.web.lists.saved import Saved
from platform_core.web.lists.state import ListState, signed

_ = translator("web")
Placed = tuple[Column, Decoration | None]


@dataclass(frozen=True, slots=True)
class Shown:
    """A page that was read."""

    state: ListState
    page: Page
    count: Count
    footer: str = ""
    similar: bool = False
    """Nothing met the words of the search box; the rows resemble them."""


@dataclass(frozen=True, slots=True)
class Chip:
    """A condition above the list; `edit_url` opens it in the dialog."""

    label: str
    operator: str
    value: str
    edit_url: str
    remove_url: str
    group: int = 0


@dataclass(frozen=True, slots=True)
class Tab:
    """`note` says whose a saved view is."""

    label: str
    url: str
    current: bool
    note: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A shown column: where its macro is, and for a decoration the values by row. Without `cells` these are texts."""

    key: str
    label: str
    number: bool
    cells: str
    sort_url: str = ""
    sorted: str = ""
    """ascending, descending or nothing"""
    values: Mapping[Any, Any] | None = None
    edits: bool = False
    """The reader may change its cells."""

    @property
    def shape(self) -> str:
        """How web.rowtemplates writes it."""
        if self.values is None:
            return self.key
        return f"+{self.key}={self.cells}" if self.cells else f"={self.key}"


@dataclass(frozen=True)  # without slots: what every control of the head asks for is worked out once
class Listing:
    """The context `list` of web/lists/page.html."""

    view: ListView
    state: ListState
    page: Page
    count: Count
    columns: tuple[Drawn, ...]
    look: Mapping[str, Any]
    groups: tuple[tuple[Chip, ...], ...]
    tabs: tuple[Tab, ...]
    others: tuple[Tab, ...]
    """Saved views that are no tabs."""
    lost: tuple[str, ...]
    """What the saved view has and the list has not any more: conditions and columns, by their keys."""
    row_actions: tuple[tuple[RowAction, Collection[Any] | None], ...]
    """With the keys of the rows that have them; None is all."""
    bulk: tuple[BulkAction, ...]
    whole: tuple[WholeAction, ...]
    buttons: tuple[Button, ...]
    footer: str
    similar: bool
    may_export: bool
    invited: bool
    """The actor may follow the view's invitation."""

    @property
    def rows_template(self) -> str:
        keys = [column.shape for column in self.columns]
        return rowtemplates.name_of(self.view.cells, keys)

    @property
    def named_rows(self) -> Iterator[tuple[Any, str]]:
        """The rows, each with what the labels of its controls call it."""
        name = attrgetter(self.view.row_name)
        return ((row, name(row)) for row in self.page.rows)

    @property
    def edits(self) -> bool:
        return any(column.edits for column in self.columns)

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
    def may_count(self) -> bool:
        return bool(self.view.counted and self.page.rows)

    @property
    def is_longer(self) -> bool:
        """There are more rows than those in sight."""
        return bool(self.page.after or self.page.before)

    @property
    def is_new(self) -> bool:
        """There is nothing to list at all, as opposed to nothing that meets the conditions."""
        return self.state.is_plain and not self.page.rows

    @property
    def plain_url(self) -> str:
        return f"{self.view.path}?f=" if self.state.home else self.view.path

    @cached_property
    def query(self) -> str:
        """The state as dialogs carry it along."""
        return self.state.carried

    @property
    def joint_url(self) -> str:
        """The same conditions, joined the other way."""
        return self.state.with_conditions(self.state.conditions, any_of=not self.state.any_of).url()

    @property
    def next_group(self) -> int:
        return self.state.conditions[-1].group + 1 if self.state.conditions else 0

    @property
    def may_keep(self) -> bool:
        """Somebody keeps views, and there is a page behind the list."""
        return bool(self.view.presets)

    @property
    def home_key(self) -> str:
        """Of the view that is open, by which the list may open the next time."""
        base, preset = self.state.base, self.state.preset
        return base.key if base else preset.key if preset else ""

    @property
    def at_home(self) -> bool:
        return bool(self.home_key) and self.home_key == (self.state.home or self.view.presets[0].key)

    @property
    def put_back_url(self) -> str:
        """Of the saved view as it is kept."""
        return f"{self.view.path}?view={self.state.base.key}" if self.state.base else self.view.path

    @property
    def exported(self) -> str:
        """The state as what leaves the house names it: by its conditions, whatever becomes of the view."""
        return urlencode(self.state.turned_to().spelled_out().pairs())

    def dialog_url(self, name: str, group: int | None = None) -> str:
        """`group`: which one a further condition joins."""
        parts = [self.query, "" if group is None else f"group={group}"]
        query = "&".join(part for part in parts if part)
        return f"{self.view.path}/{name}?{query}" if query else f"{self.view.path}/{name}"


def listing(session: Session, actor: Actor, hooks: Hooks, shown: Shown, chosen: Sequence[str]) -> Listing:
    """Everything the page needs, for the rows that were read and the columns that are to be shown, if chosen."""
    view, base = shown.state.view, shown.state.base
    added = decorations(view, hooks.active())
    columns = shown_columns(view, added, chosen)
    views = list(saved.known(session, actor, view).values())
    pinned = saved.tabs(views, base)
    known = {column.key for column, _made in all_columns(view, added)}
    return Listing(
        view=view,
        state=shown.state,
        page=shown.page,
        count=shown.count,
        footer=shown.footer,
        similar=shown.similar,
        columns=tuple(_drawn(session, actor, hooks, shown, placed) for placed in columns),
        look=view.prepare(session, actor, shown.page.rows) if view.prepare else {},
        groups=tuple(_chips(session, actor, shown.state)),
        tabs=(*_tabs(shown.state), *(_saved_tab(view, item, base) for item in pinned)),
        others=tuple(_saved_tab(view, item, base) for item in views if item not in pinned),
        lost=(*shown.state.lost, *(key for key in shown.state.columns if key not in known)),
        row_actions=tuple(
            (item, item.among(session, actor, shown.page.rows) if item.among and shown.page.rows else None)
            for item in view.row_actions
            if actor.may_enter(item.permission)
        ),
        bulk=tuple(item for item in _acts_on_many(view, hooks) if actor.may_enter(item.permission)),
        # What meets the conditions is nothing then: an act on all of that is none on what is shown.
        whole=() if shown.similar else tuple(item for item in view.whole if actor.may_enter(item.permission)),
        buttons=tuple(item for item in view.buttons if actor.may_enter(item.permission)),
        may_export=bool(view.export) and actor.may_enter(view.export),
        invited=actor.may_enter(view.invitation.permission),
    )


def _acts_on_many(view: ListView, hooks: Hooks) -> list[BulkAction]:
    found = [*view.bulk, *offers(view, hooks.active())]
    if view.changes is not None:
        found.insert(0, BulkAction("change", _("Change"), "pencil", changing.url_of(view.key), view.changes.edit))
    return found


def all_columns(view: ListView, added: Sequence[Decoration]) -> list[Placed]:
    """The view's columns with the decorations in their places."""
    found: list[Placed] = [(column, None) for column in view.columns]
    for decoration in added:
        keys = [column.key for column, _made in found]
        at = keys.index(decoration.after) + 1 if decoration.after in keys else len(found)
        found.insert(at, (decoration.column, decoration))
    return found


def shown_columns(view: ListView, added: Sequence[Decoration], chosen: Sequence[str]) -> list[Placed]:
    """The chosen columns in their order, or those shown as long as nobody has chosen."""
    found = all_columns(view, added)
    if not chosen:
        return [(column, made) for column, made in found if column.fixed or column.shown]
    place = {key: at for at, key in enumerate(chosen)}
    wanted = [(column, made) for column, made in found if column.fixed or column.key in place]
    return sorted(wanted, key=lambda item: place.get(item[0].key, -1))


def _drawn(session: Session, actor: Actor, hooks: Hooks, shown: Shown, placed: Placed) -> Drawn:
    column, decoration = placed
    if decoration is not None:
        ids = [row.id for row in shown.page.rows]
        find: Callable[[], Mapping[Any, Any]] = partial(decoration.find, session, actor, ids)
        values = hooks.guarded(decoration.owner, f"column {column.key}", find, session) if ids else {}
        return Drawn(column.key, str(column.label), column.number, decoration.cells, values=values or {})
    view, (sort, descending) = shown.state.view, shown.state.order
    values = column.values(session, actor, shown.page.rows) if column.values is not None else None
    cells = "" if values is not None else view.cells
    declared = view.sort(column.sort) if column.sort else None
    edits = bool(column.edited) and view.changes is not None and actor.may_enter(view.changes.edit)
    if declared is None:
        return Drawn(column.key, str(column.label), column.number, cells, values=values, edits=edits)
    current = declared == sort
    turned = not descending if current else declared.descending
    return Drawn(
        column.key,
        str(column.label),
        column.number,
        cells,
        values=values,
        sort_url=shown.state.with_sort(signed(declared, descending=turned)).url(),
        sorted=("descending" if descending else "ascending") if current else "",
        edits=edits,
    )


def _chips(session: Session, actor: Actor, state: ListState) -> list[tuple[Chip, ...]]:
    """By groups."""
    found: dict[int, list[Chip]] = {}
    query = state.carried
    for at, condition in enumerate(state.conditions):
        declared = state.view.by_key["filters"][condition.filter]
        operator, value = conditions.describe(session, actor, declared, condition)
        others = [item for index, item in enumerate(state.conditions) if index != at]
        found.setdefault(condition.group, []).append(
            Chip(
                label=str(declared.label),
                operator=operator,
                value=value,
                edit_url=f"{state.view.path}/conditions?{query}&edit={at}",
                remove_url=state.with_conditions(others).url(),
                group=condition.group,
            )
        )
    return [tuple(group) for group in found.values()]


def _tabs(state: ListState) -> list[Tab]:
    current = state.preset
    return [Tab(str(item.label), _preset_url(state, item), item == current) for item in state.view.presets]


def _preset_url(state: ListState, preset: Preset) -> str:
    usual = state.home or state.view.presets[0].key
    return state.view.path if preset.key == usual else f"{state.view.path}?view={preset.key}"


def _saved_tab(view: ListView, item: Saved, current: Saved | None) -> Tab:
    return Tab(item.name, f"{view.path}?view={item.key}", item == current, _whose(item), item.key)


def _whose(item: Saved) -> str:
    if item.reach == "private":
        return ""
    words = {
        "team": _("%(name)s, for the team", name=item.owner or _("you")),
        "department": _("%(name)s, for the department", name=item.owner or _("you")),
        "all": _("%(name)s, for everybody", name=item.owner or _("you")),
    }
    return words[item.reach]
