"""What a list shows, as its URL says it: `?f=status:is:new&f=next_plan:until:today&any=1&sort=-name&after=…`.

`view=<preset>` stands for that preset's conditions and order; conditions of the URL's own take their place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.kernel.searchtokens import MAX_QUERY
from platform_core.web.lists import conditions, private
from platform_core.web.lists.conditions import Condition
from platform_core.web.lists.declaration import ListView, Preset, Sort

_ = translator("web")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListState:
    """Conditions are joined by AND, with `any_of` by OR. `sort` is an order's key, `-key` for descending."""

    view: ListView
    conditions: tuple[Condition, ...] = ()
    any_of: bool = False
    sort: str = ""
    after: str = ""
    before: str = ""
    words: str = ""
    sealed: str = ""
    """The words as they stand in the URL when they may not be read there."""

    @property
    def order(self) -> tuple[Sort, bool]:
        """The order and whether it descends."""
        found = self.view.sort(self.sort.removeprefix("-")) if self.sort else None
        if found is None:
            return self.view.sorts[0], self.view.sorts[0].descending
        return found, self.sort.startswith("-")

    @property
    def preset(self) -> Preset | None:
        """The preset that has just these conditions."""
        texts = tuple(item.text for item in self.conditions)
        if self.any_of and len(texts) > 1:
            return None
        return next((item for item in self.view.presets if item.conditions == texts), None)

    @property
    def is_plain(self) -> bool:
        return not self.conditions and not self.words

    def url(self) -> str:
        """Of the page that shows this."""
        pairs = self.pairs()
        return f"{self.view.path}?{urlencode(pairs, safe=':,')}" if pairs else self.view.path

    def pairs(self) -> list[tuple[str, str]]:
        preset = self.preset
        pairs = [("view", preset.key)] if preset and preset != self.view.presets[0] else []
        if preset is None:
            pairs = [("f", item.text) for item in self.conditions] or [("f", "")]
            if self.any_of and len(self.conditions) > 1:
                pairs.append(("any", "1"))
        if self.sort and self.sort != self._usual_sort(preset):
            pairs.append(("sort", self.sort))
        for name, value in (("after", self.after), ("before", self.before), ("s", self.sealed)):
            if value:
                pairs.append((name, value))
        if self.words and not self.sealed:
            pairs.append(("q", self.words))
        return pairs

    def _usual_sort(self, preset: Preset | None) -> str:
        return (preset.sort if preset else "") or signed(self.view.sorts[0])

    def with_sort(self, sort: str) -> ListState:
        return replace(self, sort=sort, after="", before="")

    def with_conditions(self, made: Iterable[Condition], *, any_of: bool | None = None) -> ListState:
        chosen = self.any_of if any_of is None else any_of
        return replace(self, conditions=tuple(made), any_of=chosen, after="", before="")

    def unsearched(self) -> ListState:
        return replace(self, words="", sealed="")

    def turned_to(self, *, after: str = "", before: str = "") -> ListState:
        return replace(self, after=after, before=before)


def signed(sort: Sort, *, descending: bool | None = None) -> str:
    """How an order stands in the URL."""
    down = sort.descending if descending is None else descending
    return f"-{sort.key}" if down else sort.key


def read(session: Session, actor: Actor, view: ListView, parameters: Any) -> ListState:
    """From a query string's pairs (a multi-dict). Raises Invalid for what this list does not have."""
    written = [text for text in parameters.getall("f", []) if text]
    if len(written) > conditions.MOST_CONDITIONS:
        raise Invalid(_("At most %(limit)s conditions.", limit=conditions.MOST_CONDITIONS))
    preset = view.by_key["presets"].get(parameters.get("view", ""))
    explicit = "f" in parameters
    if preset is not None and not explicit:
        written = list(preset.conditions)
    sort = parameters.get("sort", "")
    if sort and view.sort(sort.removeprefix("-")) is None:
        raise Invalid(_("This list cannot be sorted that way."))
    if not sort and preset is not None and not explicit:
        sort = preset.sort
    sealed = parameters.get("s", "")
    words = private.unseal(session, actor, sealed) if sealed else parameters.get("q", "").strip()[:MAX_QUERY]
    if words and not sealed and private.is_private(words):
        words = ""  # somebody wrote the URL by hand; what may not lie there is not answered there
    return ListState(
        view=view,
        conditions=tuple(conditions.parse(view, text) for text in written),
        any_of=parameters.get("any", "") == "1",
        sort=sort,
        after=parameters.get("after", ""),
        before=parameters.get("before", ""),
        words=words,
        sealed=sealed if words else "",
    )


def searched(session: Session, actor: Actor, state: ListState, words: str) -> ListState:
    """The same list with other words in its search box."""
    words = words.strip()[:MAX_QUERY]
    sealed = private.seal(session, actor, words) if words and private.is_private(words) else ""
    return replace(state, words=words, sealed=sealed, after="", before="")
