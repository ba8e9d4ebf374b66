"""What a list shows, as its URL says it: `?f=status:is:new&f=next_plan:until:today&any=1&sort=-name&after=…`.

`f=/` begins a further group of conditions. Inside of a group conditions are joined by AND and groups by OR; with
`any=1` it is the other way round, so that a single group means "any one of these".

`view=<preset>` stands for that preset's conditions and order, `view=<id>` for those of a saved view and its columns;
what the URL says itself takes their place. That is where unsaved changes live.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.searchtokens import MAX_QUERY
from platform_core.web.lists import conditions, private, saved
from platform_core.web.lists.conditions import Condition
from platform_core.web.lists.declaration import ListView, Preset, Sort
from platform_core.web.lists.saved import Saved

_ = translator("web")
GROUP = "/"
"""Stands between the groups of conditions."""
MOST_GROUPS = 5
_MOST_COLUMNS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ListState:
    """`sort` is an order's key, `-key` for descending; `columns` are none where the user's own choice holds."""

    view: ListView
    conditions: tuple[Condition, ...] = ()
    """In the order of their groups."""
    any_of: bool = False
    sort: str = ""
    after: str = ""
    before: str = ""
    words: str = ""
    sealed: str = ""
    """The words as they stand in the URL when they may not be read there."""
    columns: tuple[str, ...] = ()
    base: Saved | None = None
    """The saved view that this began with."""
    home: str = ""
    """Key of the view that a bare URL shows to this user; empty is the first preset."""
    lost: tuple[str, ...] = ()
    """Conditions of the saved view that this list does not have any more."""

    @property
    def order(self) -> tuple[Sort, bool]:
        """The order and whether it descends."""
        found = self.view.sort(self.sort.removeprefix("-")) if self.sort else None
        if found is None:
            return self.view.sorts[0], self.view.sorts[0].descending
        return found, self.sort.startswith("-")

    @property
    def groups(self) -> list[list[Condition]]:
        found: dict[int, list[Condition]] = {}
        for item in self.conditions:
            found.setdefault(item.group, []).append(item)
        return list(found.values())

    @property
    def texts(self) -> tuple[str, ...]:
        """The conditions as the URL and saved views have them."""
        return tuple(
            text
            for number, group in enumerate(self.groups)
            for text in ([GROUP] if number else []) + [item.text for item in group]
        )

    @property
    def preset(self) -> Preset | None:
        """The preset that has just these conditions; none while a saved view is open."""
        if self.base is not None or (self.any_of and len(self.conditions) > 1):
            return None
        return next((item for item in self.view.presets if item.conditions == self.texts), None)

    @property
    def is_changed(self) -> bool:
        """Whether the saved view it began with is other than what is shown."""
        base = self.base
        if base is None:
            return False
        same_joint = self.any_of == base.any_of or len(self.conditions) < 2
        return not (self._has_texts_of(base) and same_joint and self._sorts_as(base) and self.columns == base.columns)

    def _has_texts_of(self, base: Saved) -> bool:
        return self.texts == base.texts or (bool(self.lost) and self.texts == _without(base.texts, self.lost))

    def _sorts_as(self, base: Saved) -> bool:
        usual = signed(self.view.sorts[0])
        return (self.sort or usual) == (base.sort or usual)

    @property
    def is_plain(self) -> bool:
        return not self.conditions and not self.words

    def url(self) -> str:
        """Of the page that shows this."""
        pairs = self.pairs()
        return f"{self.view.path}?{urlencode(pairs, safe=':,/')}" if pairs else self.view.path

    def pairs(self) -> list[tuple[str, str]]:
        pairs = self._of_base(self.base) if self.base else self._of_preset()
        for name, value in (("after", self.after), ("before", self.before), ("s", self.sealed)):
            if value:
                pairs.append((name, value))
        if self.words and not self.sealed:
            pairs.append(("q", self.words))
        return pairs

    @property
    def carried(self) -> str:
        """As a query string that means the same wherever it is read, the user's list may open as it will."""
        return urlencode(replace(self, home="", after="", before="").pairs())

    def _of_preset(self) -> list[tuple[str, str]]:
        preset = self.preset
        first = self.view.presets[0] if self.view.presets else None
        # A first view with conditions is what the page opens with, and not what a state that says nothing means.
        usual = self.home or (first.key if first is not None and not first.conditions else "")
        pairs = [("view", preset.key)] if preset and preset.key != usual else []
        if preset is None:
            pairs = self._written()
        if self.sort and self.sort != self._usual_sort(preset):
            pairs.append(("sort", self.sort))
        return pairs

    def _of_base(self, base: Saved) -> list[tuple[str, str]]:
        pairs = [("view", base.key)]
        if not self._has_texts_of(base) or (self.any_of != base.any_of and len(self.conditions) > 1):
            pairs += self._written()
        if not self._sorts_as(base):
            pairs.append(("sort", self.sort or signed(self.view.sorts[0])))
        if self.columns != base.columns:
            pairs.append(("cols", ",".join(self.columns)))
        return pairs

    def _written(self) -> list[tuple[str, str]]:
        pairs = [("f", text) for text in self.texts] or [("f", "")]
        return [*pairs, ("any", "1")] if self.any_of and len(self.conditions) > 1 else pairs

    def _usual_sort(self, preset: Preset | None) -> str:
        return (preset.sort if preset else "") or signed(self.view.sorts[0])

    def spelled_out(self) -> ListState:
        """The same without the saved view: for what must mean these rows whatever becomes of it."""
        return replace(self, base=None, columns=())

    def with_sort(self, sort: str) -> ListState:
        return replace(self, sort=sort, after="", before="")

    def with_conditions(self, made: Iterable[Condition], *, any_of: bool | None = None) -> ListState:
        chosen = self.any_of if any_of is None else any_of
        ordered = sorted(made, key=lambda item: item.group)
        return replace(self, conditions=tuple(ordered), any_of=chosen, after="", before="", lost=())

    def narrowed(self, condition: Condition) -> ListState:
        """The same rows as far as they meet this, however the others are joined."""
        groups = {item.group for item in self.conditions}
        if self.any_of and len(self.conditions) > 1:
            added = [replace(condition, group=max(groups) + 1)]
        else:
            added = [replace(condition, group=group) for group in groups or {0}]
        others = [item for item in self.conditions if item.filter != condition.filter or len(groups) > 1]
        return self.with_conditions([*others, *added])

    def with_columns(self, keys: Sequence[str]) -> ListState:
        return replace(self, columns=tuple(keys))

    def unsearched(self) -> ListState:
        return replace(self, words="", sealed="")

    def turned_to(self, *, after: str = "", before: str = "") -> ListState:
        return replace(self, after=after, before=before)


def signed(sort: Sort, *, descending: bool | None = None) -> str:
    """How an order stands in the URL."""
    down = sort.descending if descending is None else descending
    return f"-{sort.key}" if down else sort.key


def read(session: Session, actor: Actor, view: ListView, parameters: Any, *, at_home: bool = False) -> ListState:
    """From a query string's pairs (a multi-dict). Raises Invalid for what this list does not have.

    `at_home`: without a view or conditions, show what the user's list opens with.
    """
    view = view.present(session)
    explicit, asked = "f" in parameters, parameters.get("view", "")
    home = saved.home(session, actor, view)
    if at_home and not asked and not explicit:
        asked = home or (view.presets[0].key if view.presets else "")
    preset = view.by_key["presets"].get(asked)
    base = saved.find(session, actor, view, asked) if asked and preset is None else None
    if base is None and saved.is_key(asked) and asked != home and not explicit:
        raise NotFound(_("There is no such view, or not for you."))
    found, lost = _conditions(view, parameters, preset, base, explicit=explicit)
    sealed = parameters.get("s", "")
    words = private.unseal(session, actor, sealed) if sealed else parameters.get("q", "").strip()[:MAX_QUERY]
    if words and not sealed and private.is_private(words):
        words = ""  # somebody wrote the URL by hand; what may not lie there is not answered there
    return ListState(
        view=view,
        conditions=found,
        any_of=base.any_of if base is not None and not explicit else parameters.get("any", "") == "1",
        sort=_sort(view, parameters.get("sort", ""), preset, base, explicit=explicit),
        after=parameters.get("after", ""),
        before=parameters.get("before", ""),
        words=words,
        sealed=sealed if words else "",
        columns=_columns(parameters, base),
        base=base,
        home=home,
        lost=lost,
    )


def _conditions(
    view: ListView, parameters: Any, preset: Preset | None, base: Saved | None, *, explicit: bool
) -> tuple[tuple[Condition, ...], tuple[str, ...]]:
    if base is not None and not explicit:
        return _still_known(view, base.texts)
    written = parameters.getall("f", []) if explicit or preset is None else preset.conditions
    return grouped(view, [text for text in written if text]), ()


def grouped(view: ListView, texts: Sequence[str]) -> tuple[Condition, ...]:
    """Raises Invalid for what this list does not have, or for too much of it."""
    if sum(text != GROUP for text in texts) > conditions.MOST_CONDITIONS:
        raise Invalid(_("At most %(limit)s conditions.", limit=conditions.MOST_CONDITIONS))
    found: list[Condition] = []
    group = 0
    for text in texts:
        if text == GROUP:
            group = found[-1].group + 1 if found else 0
        else:
            found.append(replace(conditions.parse(view, text), group=group))
    if group >= MOST_GROUPS:
        raise Invalid(_("At most %(limit)s groups of conditions.", limit=MOST_GROUPS))
    return tuple(found)


def _still_known(view: ListView, texts: Sequence[str]) -> tuple[tuple[Condition, ...], tuple[str, ...]]:
    """A saved view outlives the plugin whose condition it has: the page says what is missing."""
    lost = []
    for text in texts:
        try:
            if text != GROUP:
                conditions.parse(view, text)
        except Invalid:
            lost.append(text)
    return grouped(view, _without(texts, lost)), tuple(lost)


def _without(texts: Sequence[str], lost: Sequence[str]) -> tuple[str, ...]:
    groups: list[list[str]] = [[]]
    for text in texts:
        if text == GROUP:
            groups.append([])
        elif text not in lost:
            groups[-1].append(text)
    kept = [group for group in groups if group]
    return tuple(text for at, group in enumerate(kept) for text in ([GROUP] if at else []) + group)


def _sort(view: ListView, sort: str, preset: Preset | None, base: Saved | None, *, explicit: bool) -> str:
    if sort and view.sort(sort.removeprefix("-")) is None:
        raise Invalid(_("This list cannot be sorted that way."))
    if sort:
        return sort
    if base is not None:
        return base.sort if base.sort and view.sort(base.sort.removeprefix("-")) else ""
    return preset.sort if preset is not None and not explicit else ""


def _columns(parameters: Any, base: Saved | None) -> tuple[str, ...]:
    if base is None:
        return ()
    if "cols" not in parameters:
        return base.columns
    return tuple(key for key in parameters.get("cols", "").split(",") if key)[:_MOST_COLUMNS]


def searched(session: Session, actor: Actor, state: ListState, words: str) -> ListState:
    """The same list with other words in its search box."""
    words = words.strip()[:MAX_QUERY]
    sealed = private.seal(session, actor, words) if words and private.is_private(words) else ""
    return replace(state, words=words, sealed=sealed, after="", before="")
